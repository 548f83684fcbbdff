import { StartupError } from '../../kernel/startup-error.ts'
import type { CaMaterial } from '../../pki/ca-directory.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { AuthorityStore } from '../authority.ts'
import type { KeyProvider } from '../key-provider.ts'
import { adoptKey, findForeignKey } from './adopt-key.ts'
import { checkImport } from './check-import.ts'
import { toAuthorities } from './to-authorities.ts'
import type { ImportOptions } from './verdict.ts'

/** Where the first authority of a service comes from. */
export interface FirstSource {
  /** For people: `the directory /etc/cacerts`. */
  readonly name: string
  read(): Promise<{ readonly material: CaMaterial | null; readonly findings: readonly FileFinding[] }>
}

interface FirstDeps {
  readonly store: AuthorityStore
  readonly keys: KeyProvider
}

/**
 * Makes the authority of a source the first one of this service, where it has none yet: nobody has a certificate that
 * could miss its root, so that it signs at once. One that is not fit ends the start (`authority.import_refused`): a
 * service that was to sign with it must not begin with a root of its own.
 */
export async function importFirst(
  source: FirstSource,
  options: Omit<ImportOptions, 'trustedRoots'>,
  { store, keys }: FirstDeps,
): Promise<void> {
  if ((await store.loadAuthorities()).authorities.length > 0) return
  const { material, findings } = await source.read()
  if (material === null) throw unfit(source, findings)
  const { imported, findings: more } = checkImport(material, { ...options, trustedRoots: [] })
  const foreign = findForeignKey(material, keys)
  if (imported === null || foreign.length > 0) throw unfit(source, [...findings, ...more, ...foreign])
  const at = options.now * 1000
  const { authorities, findings: tooMany } = toAuthorities(imported, [], { now: at, isWhole: true })
  if (tooMany.length > 0) throw unfit(source, tooMany)
  await adoptKey(imported, keys)
  await keys.load(imported.id, imported.keyType) // before it is stored: what is stored can sign
  await store.saveAuthorities({
    authorities: authorities.map((one) => ({
      ...one,
      state: one.state === 'trusted' ? 'trusted' : 'active',
      publishedSequence: one.kind === 'root' ? 1 : 0,
    })),
    bundleSequence: 1,
    actor: source.name,
    action: 'authority.import',
    at,
  })
}

function unfit({ name }: FirstSource, findings: readonly FileFinding[]): StartupError {
  const errors = findings
    .filter(({ level }) => level === 'error')
    .map(({ file, code, text }) => `${file}: ${text} [${code}]`)
  return new StartupError('authority.import_refused', [`the authority from ${name} is not fit:`, ...errors].join('\n'))
}
