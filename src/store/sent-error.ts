import { AppError } from '../kernel/errors.ts'
import { isSqliteError } from './database.ts'
import type { SentError } from './protocol.ts'

const NOT_RECORDED = { code: 'issue.not_recorded', message: 'the record cannot be written now: try again' } as const

/** Why a group was not written: for who waits it is one thing, whatever the cause. */
export function toGroupError(error: unknown): SentError {
  return { ...NOT_RECORDED, inner: toSentError(error).inner }
}

/** Any thrown value as it crosses to the other thread; `inner` is for the log alone. */
export function toSentError(error: unknown): SentError {
  if (error instanceof AppError) return { code: error.code, message: error.message, inner: null }
  const inner = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (!isSqliteError(error)) return { code: 'internal', message: 'the store failed', inner }
  const at = `${error.code}: ${error.message}`
  if (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return { code: 'resource.conflict', message: 'it exists already', inner: at }
  }
  if (error.code.startsWith('SQLITE_CONSTRAINT')) return { code: 'internal', message: 'the store failed', inner: at }
  return { ...NOT_RECORDED, inner: at }
}
