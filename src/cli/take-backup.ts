import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Manifest } from '../backup/manifest.ts'
import { readBackup } from '../backup/read-backup.ts'
import { syncFolder } from '../kernel/sync-folder.ts'
import { readBackupPassphrase } from './backup-passphrase.ts'
import { CommandError, isMissing, systemReason } from './command-error.ts'
import { download } from './download.ts'
import { layFields } from './layout.ts'
import type { Session } from './session.ts'
import { parseTarget } from './target.ts'
import { toTokenText } from './token-text.ts'

export interface BackupOptions {
  readonly passphraseFile?: string
  readonly force?: boolean
}

/** Writes a backup to `file`, mode 0600, after it was read back: there is a whole one or, on any failure, none. */
export async function takeBackup(session: Session, file: string, options: BackupOptions): Promise<void> {
  const { io, style } = session
  if (options.force !== true) await refuseExisting(file)
  const passphrase = await readBackupPassphrase(io, { file: options.passphraseFile, isNew: true })
  const staged = `${file}.${randomBytes(4).toString('hex')}.new`
  try {
    const bytes = download(parseTarget(session.options), { method: 'POST', path: '/v1/backup', body: { passphrase } })
    await write(staged, bytes)
    const manifest = await verify(staged, passphrase)
    if (options.force !== true) await refuseExisting(file) // it took a while
    await rename(staged, file)
    await syncFolder(dirname(file))
    const { size } = await stat(file)
    const { token = null, files } = manifest
    const result = { file, bytes: size, createdAt: new Date(manifest.createdAt).toISOString(), token, files }
    session.show(result, () =>
      layFields(
        [
          ['Backup', file],
          ['Taken', style.time(result.createdAt)],
          ['Trust domain', manifest.trustDomain],
          ['Holds', `${manifest.files.length} files, read back and verified`],
          ['Keys', toTokenText(manifest)],
          ['Size', `${size} bytes`],
        ],
        style,
      ),
    )
  } catch (error) {
    await rm(staged, { force: true })
    throw toUnwritable(file, error)
  }
}

async function write(path: string, bytes: AsyncIterable<Buffer>): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const piece of bytes) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function verify(path: string, passphrase: string): Promise<Manifest> {
  return readBackup(createReadStream(path), passphrase, async (_path, bytes) => {
    for await (const _piece of bytes);
  })
}

async function refuseExisting(file: string): Promise<void> {
  try {
    await access(file)
  } catch (error) {
    if (isMissing(error)) return
    throw toUnwritable(file, error)
  }
  throw exists(file)
}

function exists(file: string): CommandError {
  return CommandError.of('file.exists', `\`${file}\` exists already: choose another name, or replace it with --force`)
}

function toUnwritable(file: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error
  const reason = systemReason(error)
  return CommandError.of('file.unwritable', `\`${file}\` cannot be written: ${reason}`, error)
}
