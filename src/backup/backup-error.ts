import { StartupError } from '../kernel/startup-error.ts'

/** Why a backup is not read or restored; no client of the API meets these, they end a command. */
export type BackupErrorCode =
  | 'backup.unknown_format'
  | 'backup.newer'
  | 'backup.damaged'
  | 'backup.passphrase_wrong'
  | 'restore.not_empty'
  | 'restore.unrelated'

/** The backup cannot be used as asked; the message says what to do, and nothing was put in place. */
export class BackupError extends StartupError {
  override name = 'BackupError'
  declare readonly code: BackupErrorCode

  constructor(code: BackupErrorCode, message: string, cause?: unknown) {
    super(code, message, cause)
  }
}
