import { type Command, Option } from 'commander'
import { KEY_TYPES, type KeyType } from '../../pki/key-types.ts'
import type { Io } from '../io.ts'
import { openSession } from '../session.ts'

/** The options of `authority import`. */
export interface ImportCommandOptions {
  readonly certificate?: string
  readonly key?: string
  readonly chain?: string
  readonly root?: string
  readonly reason?: string
  readonly dryRun?: boolean
  readonly status?: boolean
}

/** The options of `authority csr`. */
export interface CsrCommandOptions {
  readonly out: string
  readonly keyType?: KeyType
}

/** Adds `import` and `csr` to the group `authority`. */
export function addImportCommands(authority: Command, io: Io): void {
  authority
    .command('import')
    .description('bring an intermediate that somebody else has signed; it signs once its root has spread')
    .argument('[directory]', "Istio's cacerts (ca-cert.pem …), or that of a kubernetes.io/tls secret (tls.crt …)")
    .option('--certificate <file>', 'the certificate for a CSR of `authority csr`, in place of a directory')
    .option('--key <file>', 'its private key, where it was not made here')
    .option('--chain <file>', 'certificates between it and its root')
    .option('--root <file>', 'its root, where that is not trusted here yet')
    .option('--reason <text>', 'why, for the record')
    .option('--dry-run', 'only judge')
    .option('--status', 'how the directory of `authority.import` is')
    .action(async (directory: string | undefined, options: ImportCommandOptions, command: Command) => {
      const session = openSession(io, command)
      if (options.status === true) {
        const { showImportStatus } = await import('../show-import-status.ts')
        return showImportStatus(session)
      }
      const { importAuthority } = await import('../import-authority.ts')
      return importAuthority(session, directory, options)
    })
  authority
    .command('csr')
    .description('make a key for an intermediate, which stays here, and write a CSR to be signed elsewhere')
    .requiredOption('--out <file>', 'where the CSR goes; `-` is standard output')
    .addOption(new Option('--key-type <type>', 'kind of the key, if not the configured one').choices(KEY_TYPES))
    .action(async (options: CsrCommandOptions, command: Command) => {
      const { writeAuthorityCsr } = await import('../write-authority-csr.ts')
      await writeAuthorityCsr(openSession(io, command), options)
    })
}
