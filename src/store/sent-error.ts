import { AppError } from '../kernel/errors.ts'
import { isSqliteError } from './database.ts'
import type { SentDetail, SentError } from './protocol.ts'

const NOT_RECORDED = {
  code: 'issue.not_recorded',
  message: 'the record cannot be written now: try again',
  detail: {},
} as const satisfies Omit<SentError, 'inner'>
const FAILED = { code: 'internal', message: 'the store failed', detail: {} } as const satisfies Omit<SentError, 'inner'>

/** Why a group was not written: for who waits it is one thing, whatever the cause. */
export function toGroupError(error: unknown): SentError {
  return { ...NOT_RECORDED, inner: toSentError(error).inner }
}

/** Any thrown value as it crosses to the other thread; `inner` is for the log alone. */
export function toSentError(error: unknown): SentError {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, detail: detailOf(error), inner: null }
  }
  const inner = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (!isSqliteError(error)) return { ...FAILED, inner }
  const at = `${error.code}: ${error.message}`
  if (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return { code: 'resource.conflict', message: 'it exists already', detail: {}, inner: at }
  }
  if (error.code.startsWith('SQLITE_CONSTRAINT')) return { ...FAILED, inner: at }
  return { ...NOT_RECORDED, inner: at }
}

function detailOf({ wanted, seen, retryAfterSeconds, faults, isPrecondition }: AppError): SentDetail {
  return {
    ...(wanted === undefined ? {} : { wanted }),
    ...(seen === undefined ? {} : { seen }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(faults === undefined ? {} : { faults }),
    ...(isPrecondition ? { isPrecondition } : {}),
  }
}
