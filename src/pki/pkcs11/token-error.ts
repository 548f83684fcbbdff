import { AppError } from '../../kernel/errors.ts'

/** The token answers, and what it gives cannot be used. */
export class TokenFault extends Error {
  override name = 'TokenFault'
}

const RETRY_SECONDS = 10

/** Said of the PIN; to try it again could lock the token. */
const OF_THE_PIN: ReadonlySet<string> = new Set([
  'CKR_PIN_INCORRECT',
  'CKR_PIN_INVALID',
  'CKR_PIN_LEN_RANGE',
  'CKR_PIN_EXPIRED',
  'CKR_PIN_LOCKED',
  'CKR_USER_PIN_NOT_INITIALIZED',
])

/** A new login may help: the session, the login, the token or its connection is gone, or the module does not say what is. */
const OF_THE_LOGIN: ReadonlySet<string> = new Set([
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_REMOVED',
  'CKR_FUNCTION_FAILED',
  'CKR_GENERAL_ERROR',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_OPERATION_ACTIVE',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_COUNT',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SLOT_ID_INVALID',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_VENDOR_DEFINED',
])

/** The return value that a module answered with, by its name in PKCS #11 (v2.40 §5.1); null for any other error. */
export function returnValueOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  return /^CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? null
}

/** Whether the token refused the PIN. */
export function isPinRefused(error: unknown): boolean {
  return OF_THE_PIN.has(returnValueOf(error) ?? '')
}

/** Whether a new session and login may do what failed. */
export function isLost(error: unknown): boolean {
  return OF_THE_LOGIN.has(returnValueOf(error) ?? '')
}

/** Whether the module, or what it gave, is the reason. */
export function isOfTheToken(error: unknown): boolean {
  return error instanceof TokenFault || returnValueOf(error) !== null
}

/** `key.unavailable`: nothing is signed now, and a later request may be; the reason stays in the log. */
export function unavailable(cause: unknown): AppError {
  const message = 'the key is in a token that does not sign at the moment; try again later'
  return new AppError('key.unavailable', message, { cause, retryAfterSeconds: RETRY_SECONDS })
}
