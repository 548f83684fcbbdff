import { StartupError } from '../kernel/startup-error.ts'

/** Why a database is not opened; no client meets these, they end the start of the service. */
export type StoreOpenCode = 'store.locked' | 'store.newer' | 'store.unusable'

/** The database cannot be used; the message says what to do. */
export class StoreOpenError extends StartupError {
  override name = 'StoreOpenError'
  declare readonly code: StoreOpenCode

  constructor(code: StoreOpenCode, message: string, cause?: unknown) {
    super(code, message, cause)
  }
}
