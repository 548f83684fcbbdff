import type { Handle } from 'pkcs11js'
import { StartupError } from '../../kernel/startup-error.ts'
import { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_USER } from './constants.ts'
import type { Cryptoki } from './cryptoki.ts'
import { findToken } from './find-token.ts'
import { isPinRefused, returnValueOf } from './token-error.ts'

/** A time in which this process is logged in at the token; handles of objects hold as long as it does. */
export interface Login {
  readonly slot: Handle
  /** CKM of what the token can do. */
  readonly mechanisms: ReadonlySet<number>
  /** Never worked in: the login ends with the last session of the process (v2.40 §5.6). */
  readonly anchor: Handle
  /** Sessions that nobody uses at the moment. */
  readonly idle: Handle[]
}

/** A session of its own for one piece of work. */
export interface TokenSession {
  readonly cryptoki: Cryptoki
  readonly handle: Handle
  readonly login: Login
}

export interface LoginOptions {
  readonly cryptoki: Cryptoki
  readonly tokenLabel: string
  /** Reads the PIN anew at each login, so that it is not kept in between; throws `StartupError` where it cannot be read. */
  readonly readPin: () => string
}

/** Finds the token and logs in; throws `pkcs11.*` with what is wrong, `pkcs11.pin_refused` where the PIN is. */
export function logIn({ cryptoki, tokenLabel, readPin }: LoginOptions): Login {
  try {
    const slot = findToken(cryptoki, tokenLabel)
    const mechanisms = new Set(cryptoki.C_GetMechanismList(slot))
    const anchor = openSession(cryptoki, slot)
    try {
      givePin(cryptoki, anchor, readPin())
    } catch (error) {
      closeSession(cryptoki, anchor)
      throw error
    }
    return { slot, mechanisms, anchor, idle: [] }
  } catch (cause) {
    throw toStartupError(cause, tokenLabel)
  }
}

/** One that may change the token: keys are made in it. */
export function openSession(cryptoki: Cryptoki, slot: Handle): Handle {
  return cryptoki.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
}

/** Total: a session of a login that is gone may be gone as well. */
export function closeSession(cryptoki: Cryptoki, session: Handle): void {
  try {
    cryptoki.C_CloseSession(session)
  } catch (error) {
    if (returnValueOf(error) === null) throw error
  }
}

/** All sessions of a process share one login (v2.40 §5.6). */
function givePin(cryptoki: Cryptoki, session: Handle, pin: string): void {
  try {
    cryptoki.C_Login(session, CKU_USER, pin)
  } catch (error) {
    if (returnValueOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw error
  }
}

function toStartupError(cause: unknown, tokenLabel: string): unknown {
  const value = returnValueOf(cause)
  if (value === null) return cause
  if (isPinRefused(cause)) {
    const message = `authority.keys.pin: the token \`${tokenLabel}\` refuses it (${value}); tokens lock after a few wrong ones`
    return new StartupError('pkcs11.pin_refused', message, cause)
  }
  return new StartupError('pkcs11.token_unusable', `the token \`${tokenLabel}\` lets nobody in: ${value}`, cause)
}
