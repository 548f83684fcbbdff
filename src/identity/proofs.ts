import { AppError } from '../kernel/errors.ts'
import type { AttestedCaller } from './evidence.ts'

/** One proof, tried: whom it stands for, or why it is invalid. */
export type Outcome = AttestedCaller | AppError

/** Tries a proof; only a refusal makes it invalid, anything else that is thrown is a failure of the service. */
export function tryProof(attest: () => AttestedCaller | Promise<AttestedCaller>): Outcome | Promise<Outcome> {
  try {
    const caller = attest()
    return caller instanceof Promise ? caller.catch(toRefusal) : caller
  } catch (error) {
    return toRefusal(error)
  }
}

function toRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error
  throw error
}

/**
 * Whom all proofs together stand for: the first valid one, if every other valid one names the same identity
 * (`auth.proofs_disagree`); none valid: the error of the last; none at all: `auth.missing` (hostile 73).
 */
export function settle(outcomes: readonly Outcome[]): AttestedCaller {
  let caller: AttestedCaller | null = null
  for (const outcome of outcomes) {
    if (outcome instanceof AppError) continue
    caller ??= outcome
    if (outcome.identity.uri !== caller.identity.uri) {
      throw new AppError('auth.proofs_disagree', 'the proofs are of different identities: present one of them alone')
    }
  }
  if (caller !== null) return caller
  const last = outcomes.at(-1)
  if (last instanceof AppError) throw last
  throw new AppError(
    'auth.missing',
    'no proof of identity: present a client certificate, a bearer JWT, or a join token',
  )
}
