import { X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError, isMissing, systemReason } from './command-error.ts'

/** What `cert issue` writes, in PEM. */
export interface Credentials {
  readonly chain: string
  readonly key: string
  readonly roots: string
}

const CHAIN = 'cert-chain.pem'
const KEY = 'key.pem'
const ROOTS = 'root-cert.pem'

/**
 * Writes the three files into `directory`, which is made when missing. All are written and synced under other names
 * before the first is renamed, so a full disk leaves the old ones whole. The chain is renamed last: it is what programs
 * watch, and whoever wakes up on it finds the key and the roots that belong to it.
 */
export async function writeCredentials(
  directory: string,
  { chain, key, roots }: Credentials,
): Promise<readonly string[]> {
  const files = [
    { path: join(directory, ROOTS), text: roots, mode: 0o644 },
    { path: join(directory, KEY), text: key, mode: 0o600 },
    { path: join(directory, CHAIN), text: chain, mode: 0o644 },
  ]
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    for (const file of files) await stage(file.path, file.text, file.mode)
    for (const { path } of files) await rename(toStaged(path), path)
  } catch (error) {
    throw unwritable(directory, error)
  }
  return files.map(({ path }) => path).toReversed()
}

/** Throws `file.exists` when `directory` has a chain or a key of somebody else than `identity`. */
export async function refuseForeignFiles(directory: string, identity: string): Promise<void> {
  const chain = await readIfThere(join(directory, CHAIN))
  const key = await readIfThere(join(directory, KEY))
  if (chain === null && key === null) return
  if (chain !== null && hasIdentity(chain, identity)) return
  const message = `\`${directory}\` has a ${chain === null ? KEY : CHAIN} that is not of ${identity}: choose another directory, or replace it with --force`
  throw CommandError.of('file.exists', message)
}

function hasIdentity(chain: string, identity: string): boolean {
  try {
    return new X509Certificate(chain).subjectAltName === `URI:${identity}`
  } catch {
    return false // no certificate at all: somebody else's file
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    const reason = systemReason(error)
    if (reason === null) throw error
    throw CommandError.of('file.unreadable', `\`${path}\` cannot be read: ${reason}`, error)
  }
}

async function stage(path: string, text: string, mode: number): Promise<void> {
  const staged = toStaged(path)
  await rm(staged, { force: true }) // one left by a crash
  const handle = await open(staged, 'wx', mode) // never what another put there, such as a link that leads elsewhere
  try {
    await handle.chmod(mode) // whatever the umask
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function toStaged(path: string): string {
  return `${path}.new`
}

function unwritable(directory: string, error: unknown): unknown {
  const reason = systemReason(error)
  if (reason === null) return error
  return CommandError.of('file.unwritable', `\`${directory}\` cannot be written: ${reason}`, error)
}
