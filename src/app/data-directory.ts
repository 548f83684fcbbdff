import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Authority } from '../ca/authority.ts'
import type { TrustBundle } from '../ca/bundle.ts'
import { StartupError } from '../kernel/startup-error.ts'
import { writeFileAtomically } from '../pki/file-keys.ts'

/** Where everything lies in the data directory. */
export interface DataDirectory {
  readonly root: string
  readonly database: string
  readonly adminSocket: string
  readonly bundle: string
  readonly crl: string
  readonly keys: string
  readonly authorities: string
  readonly serverCertificate: string
  readonly serverKey: string
  readonly upstreamPending: string
}

/** Creates the directory and its folders where they are missing, mode 0700; `StartupError` when that cannot be. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const root = resolve(path)
  const directory: DataDirectory = {
    root,
    database: join(root, 'alcazar.db'),
    adminSocket: join(root, 'admin.sock'),
    bundle: join(root, 'bundle.pem'),
    crl: join(root, 'crl.pem'),
    keys: join(root, 'keys'),
    authorities: join(root, 'authorities'),
    serverCertificate: join(root, 'server.crt'),
    serverKey: join(root, 'server.key'),
    upstreamPending: join(root, 'upstream.pending'),
  }
  try {
    await mkdir(root, { recursive: true, mode: 0o700 })
    if (((await stat(root)).mode & 0o077) !== 0) await chmod(root, 0o700)
    await mkdir(directory.keys, { recursive: true, mode: 0o700 })
    await mkdir(directory.authorities, { recursive: true, mode: 0o700 })
    return directory
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartupError('data.unusable', `the data directory \`${root}\` cannot be used: ${why}`, cause)
  }
}

/** Writes what others read: each authority's certificate, where it has one, and all trusted roots. */
export async function publishFiles(
  directory: DataDirectory,
  authorities: readonly Authority[],
  bundle: TrustBundle,
): Promise<void> {
  for (const authority of authorities) {
    if (authority.kind === 'jwt') continue
    const path = join(directory.authorities, `${authority.id}.crt`)
    if ((await readOrNull(path)) !== authority.certificate)
      await writeFileAtomically(path, authority.certificate, 0o644)
  }
  if ((await readOrNull(directory.bundle)) !== bundle.pem)
    await writeFileAtomically(directory.bundle, bundle.pem, 0o644)
  await removeForgotten(directory, authorities)
}

/** Certificates of authorities that nobody knows any more; what has another name is not ours. */
async function removeForgotten({ authorities: folder }: DataDirectory, known: readonly Authority[]): Promise<void> {
  const names = new Set(known.map(({ id }) => `${id}.crt`))
  for (const name of await readdir(folder)) {
    if (/^[0-9a-f]{40}\.crt$/.test(name) && !names.has(name)) await rm(join(folder, name), { force: true })
  }
}

/** Writes the CRLs of all trusted authorities. */
export async function publishCrls(directory: DataDirectory, pem: string): Promise<void> {
  if ((await readOrNull(directory.crl)) !== pem) await writeFileAtomically(directory.crl, pem, 0o644)
}

/** The text of a file; null where there is none. */
export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
