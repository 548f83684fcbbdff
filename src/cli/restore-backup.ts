import { type Restored, restoreBackup } from '../app/restore.ts'
import { readBackupPassphrase } from './backup-passphrase.ts'
import { CommandError, systemReason } from './command-error.ts'
import { layFields, layTable } from './layout.ts'
import type { Session } from './session.ts'
import { toTokenText } from './token-text.ts'

export interface RestoreOptions {
  readonly data: string
  readonly passphraseFile?: string
  readonly previous?: string
}

type CarriedOver = NonNullable<Restored['record']['carriedOver']>

/** Restores `file` and says what a person has to know and do then. */
export async function restore(session: Session, file: string, options: RestoreOptions): Promise<void> {
  const { io } = session
  const passphrase = await readBackupPassphrase(io, { file: options.passphraseFile, isNew: false })
  const clock = { now: io.now, monotonic: () => performance.now() }
  const { data, previous = null } = options
  const restored = await restoreBackup({ file, passphrase, data, previous, clock }).catch((error) => {
    throw toFileError(error, file)
  })
  session.show(toJson(restored), () => toView(session, restored))
}

function toJson({ data, restoredAt, backup, record }: Restored) {
  const { createdAt, program, trustDomain, token = null, files } = backup
  const { carriedOver, bundleSequence, endedTokens } = record
  return {
    data,
    restoredAt: toTime(restoredAt),
    backup: { createdAt: toTime(createdAt), program, trustDomain, token, files: files.length },
    bundleSequence,
    endedTokens,
    previous:
      carriedOver === null
        ? null
        : {
            ...carriedOver,
            newest: carriedOver.newest.map((row) => ({
              ...row,
              notBefore: toTime(row.notBefore * 1000),
              notAfter: toTime(row.notAfter * 1000),
              issuedAt: toTime(row.issuedAt),
            })),
            denied: carriedOver.denied.map(toDenied),
          },
  }
}

function toView({ style }: Session, { data, backup, record }: Restored): string {
  const { carriedOver } = record
  const summary = layFields(
    [
      ['Restored', data],
      ['Backup of', style.time(toTime(backup.createdAt))],
      ['Made by', `Alcazar ${backup.program}`],
      ['Trust domain', backup.trustDomain],
      ['Keys', toTokenText(backup)],
      ['Bundle', `goes on at sequence ${record.bundleSequence}`],
      ['Join tokens', `${record.endedTokens} ended: they may have been used since`],
      ['Since then', carriedOver === null ? UNKNOWN : toSince(carriedOver)],
    ],
    style,
  )
  return carriedOver === null ? summary : `${summary}${toDetails(carriedOver, style)}`
}

const UNKNOWN = 'certificates issued and denied after the backup are not in this record; --previous carries them over'

function toSince({ certificates, denied, resources }: CarriedOver): string {
  const changed =
    resources.earlier === resources.restored ? 'unchanged' : `at ${resources.earlier}, now ${resources.restored}`
  return `${certificates} certificates and ${denied.length} denials carried over; resources were ${changed}`
}

function toDenied({ at, notAfter, ...entry }: CarriedOver['denied'][number]) {
  return { ...entry, at: toTime(at), notAfter: notAfter === null ? null : toTime(notAfter * 1000) }
}

function toDetails({ newest, denied, authorities }: CarriedOver, style: Session['style']): string {
  const rows = layTable(
    [
      { heading: 'ISSUED SINCE', cell: ({ serial }) => serial },
      { heading: 'IDENTITY', cell: ({ identity }) => identity },
      { heading: 'EXPIRES', cell: ({ notAfter }) => style.shortTime(toTime(notAfter * 1000)) },
    ],
    newest,
    style,
  )
  const denials = layTable(
    [
      { heading: 'DENIED AGAIN', cell: ({ kind }) => kind },
      { heading: 'VALUE', cell: ({ value }) => value },
      { heading: 'AT', cell: ({ at }) => style.shortTime(toTime(at)) },
      { heading: 'REASON', cell: ({ reason }) => reason },
    ],
    denied,
    style,
  )
  const changes = layTable(
    [
      { heading: 'AUTHORITY', cell: ({ kind }) => kind },
      { heading: 'ID', cell: ({ id }) => id },
      { heading: 'WAS', cell: ({ earlier }) => earlier ?? 'absent' },
      { heading: 'IS AGAIN', cell: ({ restored }) => restored ?? 'absent' },
    ],
    authorities,
    style,
  )
  const tables = [
    newest.length > 0 ? rows : '',
    denied.length > 0 ? denials : '',
    authorities.length > 0 ? changes : '',
  ]
  return tables.map((table) => (table === '' ? '' : `\n${table}`)).join('')
}

function toTime(millis: number): string {
  return new Date(millis).toISOString()
}

function toFileError(error: unknown, file: string): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error
  const path = 'path' in error ? String(error.path) : file
  const isInput = path === file
  const problem = `\`${path}\` cannot be ${isInput ? 'read' : 'used'}: ${systemReason(error)}`
  return CommandError.of(isInput ? 'file.unreadable' : 'file.unwritable', problem, error)
}
