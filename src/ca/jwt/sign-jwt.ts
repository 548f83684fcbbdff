import { createHash } from 'node:crypto'
import type { AttestedCaller } from '../../identity/evidence.ts'
import type { Clock, UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { RandomBytes } from '../../kernel/random.ts'
import { algorithmOf, signJws, toSigningInput, verifiesJws } from '../../pki/jws.ts'
import { positiveSerial } from '../create-authority.ts'
import { refuseGone, type SignRequest } from '../issue/sign-leaf.ts'
import type { IssuanceRecord } from '../record.ts'
import type { IssuedJwt } from './jwt-issuance.ts'
import type { JwtKeys, SigningKey } from './jwt-keys.ts'

export interface JwtSignDeps {
  readonly keys: JwtKeys
  readonly record: IssuanceRecord
  readonly clock: Clock
  readonly random: RandomBytes
  /** The `iss` of every token; null: they have none. */
  readonly issuer: string | null
}

/** What a token is to say. */
export interface JwtWish {
  /** The SPIFFE ID of a workload (J-6). */
  readonly identity: string
  /** One at least (J-7). */
  readonly audiences: readonly string[]
  readonly ttlSeconds: number
}

/** A JWS Signing Input; it is signed once. */
export interface JwtDraft {
  readonly input: string
  readonly serial: Buffer
  readonly issuedAt: UnixMillis
  readonly notAfter: UnixSeconds
  readonly key: SigningKey
}

/** The one signer of JWT-SVIDs: draft, record the intent, sign, record the result. */
export class JwtSigner {
  readonly #deps: JwtSignDeps
  /** The key whose first signature was verified. */
  #verified: SigningKey | null = null

  constructor(deps: JwtSignDeps) {
    this.#deps = deps
  }

  /** Writes header and claims; `issue.no_active_authority` when nothing can sign. */
  async draft({ identity, audiences, ttlSeconds }: JwtWish): Promise<JwtDraft> {
    const { keys, clock, random, issuer } = this.#deps
    const issuedAt = clock.now()
    const now = Math.floor(issuedAt / 1000)
    const key = await keys.signing(now)
    const notAfter = Math.min(now + ttlSeconds, key.notAfter) // never outliving its key
    const serial = positiveSerial(random)
    const header = { alg: algorithmOf(key.keyType), kid: key.kid, typ: 'JWT' } // J-2…J-5: these and no other
    const claims = {
      ...(issuer === null ? {} : { iss: issuer }),
      sub: identity,
      aud: audiences, // a list even of one, as SPIRE writes it
      exp: notAfter,
      iat: now,
      jti: serial.toString('hex'),
    }
    return { input: toSigningInput(header, claims), serial, issuedAt, notAfter, key }
  }

  /** No record, no token: the key is used only after the intent is durable. */
  async sign(draft: JwtDraft, request: SignRequest): Promise<IssuedJwt> {
    const { record, keys } = this.#deps
    refuseGone(request.signal)
    draft.key.signer.demandReady?.() // an intent uses a join token up
    const id = await record.recordIntent(toIntent(draft, request, keys.sequence))
    try {
      refuseGone(request.signal)
      const token = await this.#use(draft)
      record.recordResult(id, 'issued')
      return toIssued(draft, token, request.caller)
    } catch (error) {
      record.recordResult(id, 'failed')
      throw error
    }
  }

  async #use({ input, key }: JwtDraft): Promise<string> {
    const signature = await signJws(key.signer, key.keyType, input)
    if (this.#verified !== key) {
      const { keyType, signer } = key
      if (!verifiesJws({ keyType, publicKey: signer.publicKey }, input, signature)) {
        throw new TypeError(`the JWT key ${key.kid} signs what its public key does not verify`)
      }
      this.#verified = key
    }
    return `${input}.${signature.toString('base64url')}`
  }
}

/** A row as of a certificate: in place of key and CSR stand the key that signs and what it signs. */
function toIntent({ input, serial, issuedAt, notAfter, key }: JwtDraft, request: SignRequest, bundleSequence: number) {
  const { caller, peer } = request
  return {
    serial,
    identity: caller.identity.uri,
    notBefore: Math.floor(issuedAt / 1000),
    notAfter,
    issuedAt,
    attestor: caller.attestor,
    subject: caller.subject,
    authority: key.kid,
    spkiSha256: key.spkiSha256,
    csrSha256: createHash('sha256').update(input).digest(),
    peer,
    bundleSequence,
    ...(caller.spend === undefined ? {} : { spend: caller.spend }),
  }
}

function toIssued({ serial, notAfter, key }: JwtDraft, token: string, { identity }: AttestedCaller): IssuedJwt {
  return { token, identity: identity.uri, expiresAt: notAfter, kid: key.kid, serial: serial.toString('hex') }
}
