import { AppError } from '../kernel/errors.ts'
import { StartupError } from '../kernel/startup-error.ts'
import type { JsonObject } from './json.ts'

/** What the process exits with. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 69, bug: 70 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Codes that arise here; any other is the server's, or a check's on a file. */
const OWN_CODES = {
  usage: EXIT.usage,
  'cases.unreadable': EXIT.usage,
  'server.unreachable': EXIT.unreachable,
  'server.untrusted': EXIT.unreachable,
  'server.timeout': EXIT.unreachable,
  'server.response_invalid': EXIT.unreachable,
  'file.unreadable': EXIT.refused,
  'file.unwritable': EXIT.refused,
  'file.exists': EXIT.refused,
  'identity.differs': EXIT.refused,
  'resource.not_found': EXIT.refused,
  'rotation.aborted': EXIT.refused,
  cancelled: EXIT.refused,
} as const satisfies Record<string, ExitCode>

type OwnCode = keyof typeof OWN_CODES

/** Why a command did not do what it was asked, with what to do next where that is known. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly code: string
  readonly exit: ExitCode
  readonly detail: JsonObject | undefined

  private constructor(code: string, exit: ExitCode, text: { message: string; detail?: JsonObject; cause?: unknown }) {
    super(text.message, text.cause === undefined ? undefined : { cause: text.cause })
    this.code = code
    this.exit = exit
    this.detail = text.detail
  }

  /** A failure of the command itself. */
  static of(code: OwnCode, message: string, cause?: unknown): CommandError {
    return new CommandError(code, OWN_CODES[code], { message, cause })
  }

  /** The server said no. */
  static refused(code: string, message: string, detail: JsonObject): CommandError {
    return new CommandError(code, EXIT.refused, { message, detail })
  }
}

/** The command did what it was asked to, and the answer is no: exit code 1, and nothing more to say. */
export class NegativeResult extends Error {
  override name = 'NegativeResult'
}

/** Whether an operation failed because the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** In words why an operation on a file failed (`ENOENT`, `EACCES`, …); null when `error` is no such failure. */
export function systemReason(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  return REASONS[error.code] ?? error.code
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'it exists already',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
}

/** Any thrown value as code, exit code, message and detail. */
export function toFailure(error: unknown): {
  readonly code: string
  readonly exit: ExitCode
  readonly message: string
  readonly detail?: JsonObject
} {
  if (error instanceof CommandError) {
    const { code, exit, message, detail } = error
    return detail === undefined ? { code, exit, message } : { code, exit, message, detail }
  }
  if (error instanceof StartupError) return { code: error.code, exit: EXIT.refused, message: error.message }
  if (error instanceof AppError) return { code: error.code, exit: EXIT.refused, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', exit: EXIT.bug, message: `this is a bug: ${message}` }
}
