import { compactVerify, errors } from 'jose'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import type { AttestedCaller } from './evidence.ts'
import type { IdentityRule } from './identity-rule.ts'
import { parseJwt, type UnverifiedJwt } from './jwt.ts'
import {
  checkAudience,
  checkLife,
  LEEWAY_SECONDS,
  readLife,
  readSubject,
  singleUseHash,
  type TokenLife,
} from './jwt-claims.ts'
import type { KeySource } from './key-source.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** A configured issuer, ready for use. */
export interface JwtIssuer {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly keys: KeySource
  readonly identityOf: IdentityRule
  readonly singleUse: boolean
}

export interface JwtAttestationOptions {
  readonly issuers: ReadonlyMap<string, JwtIssuer>
  /** Bytes; null: no limit. */
  readonly maxTokenBytes: number | null
  readonly clock: Clock
}

/** Attests callers by JWT; one that was verified before is known again without a signature check, and at once. */
export class JwtAttestation {
  readonly #options: JwtAttestationOptions
  readonly #verified = new VerifiedTokens()

  constructor(options: JwtAttestationOptions) {
    this.#options = options
  }

  /** Throws or rejects with the `auth.…` code of what is wrong with the token. */
  attest(token: string): AttestedCaller | Promise<AttestedCaller> {
    const { maxTokenBytes, clock } = this.#options
    if (maxTokenBytes !== null && token.length > maxTokenBytes) {
      throw new AppError('auth.token_malformed', `the token is longer than ${maxTokenBytes} bytes`)
    }
    const key = VerifiedTokens.keyOf(token)
    const known = this.#verified.get(key)
    if (known === undefined) return this.#verify(token, key)
    if (known.keysVersion !== known.keys.version) {
      this.#verified.delete(key)
      return this.#verify(token, key)
    }
    checkLife(known.life, Math.floor(clock.now() / 1000))
    return known.caller
  }

  async #verify(token: string, key: string): Promise<AttestedCaller> {
    const jwt = parseJwt(token)
    const issuer = this.#issuerOf(jwt)
    const keysVersion = await verifySignature(token, jwt, issuer.keys)
    const now = Math.floor(this.#options.clock.now() / 1000)
    const life = readLife(jwt.claims, now)
    checkLife(life, now)
    checkAudience(jwt.claims, issuer.audiences)
    const caller = toCaller(jwt, issuer, life)
    if (!issuer.singleUse) this.#verified.set(key, { caller, life, keys: issuer.keys, keysVersion })
    return caller
  }

  #issuerOf(jwt: UnverifiedJwt): JwtIssuer {
    const { iss } = jwt.claims
    const issuer = typeof iss === 'string' ? this.#options.issuers.get(iss) : undefined // to the letter: hostile 64
    if (issuer !== undefined) return issuer
    const seen = typeof iss === 'string' ? printable(iss) : 'none'
    throw new AppError('auth.issuer_unknown', `tokens of the issuer \`${seen}\` are not accepted here`, { seen })
  }
}

/** The version of the keys that the signature was verified by; an algorithm is only tried with a key that allows it. */
async function verifySignature(token: string, jwt: UnverifiedJwt, keys: KeySource): Promise<number> {
  const { alg, kid } = jwt
  const keysVersion = keys.version // before: should the keys change meanwhile, the token is verified again
  const candidates = await keys.candidates(kid, alg)
  for (const { publicKey } of candidates) {
    try {
      await compactVerify(token, publicKey, { algorithms: [alg] })
      return keysVersion
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
    }
  }
  const why =
    candidates.length === 0 ? 'its issuer has no such key for this algorithm' : "it is not by its issuer's key"
  throw new AppError('auth.signature_invalid', `the signature of the token is invalid: ${why}`)
}

function toCaller(jwt: UnverifiedJwt, issuer: JwtIssuer, life: TokenLife): AttestedCaller {
  const subject = `${issuer.issuer} ${readSubject(jwt.claims)}`
  const caller: AttestedCaller = { identity: issuer.identityOf(jwt.claims), attestor: 'jwt', subject }
  if (!issuer.singleUse) return caller
  const expiresAt: UnixSeconds = life.expiresAt + LEEWAY_SECONDS // as long as the token would be taken again
  const hash = singleUseHash(issuer.issuer, jwt.claims, jwt.signingInput)
  return { ...caller, spend: { kind: 'jwt', hash, expiresAt } }
}
