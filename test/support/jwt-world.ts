import { randomBytes } from 'node:crypto'
import type { Authority, AuthorityState } from '../../src/ca/authority.ts'
import type { RefusedEvent } from '../../src/ca/issue/issuance.ts'
import { createJwtAuthority } from '../../src/ca/jwt/create-jwt-authority.ts'
import { JwtIssuer, type JwtOptions } from '../../src/ca/jwt/issue-jwt.ts'
import type { JwtIssuedEvent } from '../../src/ca/jwt/jwt-issuance.ts'
import { type JwtKeys, jwtKeysOf } from '../../src/ca/jwt/jwt-keys.ts'
import { JwtSigner } from '../../src/ca/jwt/sign-jwt.ts'
import type { AttestedCaller } from '../../src/identity/evidence.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { openTokenBuckets } from '../../src/kernel/token-bucket.ts'
import type { KeyType } from '../../src/pki/key-types.ts'
import type { Signer } from '../../src/pki/signer.ts'
import { memoryKeys } from './authority.ts'
import { FakeClock, FakeRecord } from './fakes.ts'

export const WEB = 'spiffe://cluster.local/ns/default/sa/web'
/** 2026-11-21T03:00:00Z. */
export const NOW = Date.UTC(2026, 10, 21, 3)
const DAY = 86_400

/** A JWT authority with its signer, good for thirty days from `NOW` on. */
export async function jwtAuthority(keyType: KeyType = 'ec-p256', state: AuthorityState = 'active') {
  const plan = { trustDomain: 'cluster.local', keyType, ttlSeconds: 30 * DAY, now: NOW, state: 'active' as const }
  const deps = { keys: memoryKeys(), random: (size: number) => randomBytes(size) }
  const { authority, signer } = await createJwtAuthority(deps, plan)
  return { authority: { ...authority, state }, signer }
}

/** Everything around the use case that issues JWT-SVIDs. */
export interface JwtWorld {
  readonly issuer: JwtIssuer
  readonly keys: JwtKeys
  readonly clock: FakeClock
  readonly record: FakeRecord
  readonly denied: Set<string>
  readonly issued: JwtIssuedEvent[]
  readonly refused: RefusedEvent[]
  caller: AttestedCaller
  authorities: readonly Authority[]
}

export interface JwtWorldOptions extends Partial<JwtOptions> {
  readonly keyType?: KeyType
  readonly issuer?: string
  /** Requests at once, and a second of one identity. */
  readonly queue?: number
  readonly rate?: number
  /** In place of the authority's own. */
  readonly signer?: Signer
}

export async function newJwtWorld(given: JwtWorldOptions = {}): Promise<JwtWorld> {
  const { keyType, issuer = null, queue = 100, rate = 1000, signer: other, ...options } = given
  const { authority, signer } = await jwtAuthority(keyType)
  const clock = new FakeClock(NOW)
  const record = new FakeRecord()
  const keys = jwtKeysOf({
    authorities: () => world.authorities,
    sequence: () => 4,
    signerOf: async () => other ?? signer,
  })
  const denied = new Set<string>()
  const issued: JwtIssuedEvent[] = []
  const refused: RefusedEvent[] = []
  const use = new JwtIssuer({
    options: { ...OPTIONS, ...options },
    limits: () => ({ queue }),
    attest: () => world.caller,
    roleOf: (one) => (one.attestor === 'admin' ? 'admin' : null),
    denyList: { has: (kind, value) => kind === 'identity' && denied.has(value) },
    takeGlobal: openTokenBuckets(() => 1000),
    takePerIdentity: openTokenBuckets(() => rate),
    signer: new JwtSigner({ keys, record, clock, random: (size) => randomBytes(size), issuer }),
    clock,
    observer: { issued: (event) => issued.push(event), refused: (event) => refused.push(event) },
  })
  const caller: AttestedCaller = { identity: parseSpiffeId(WEB, 'internal'), attestor: 'jwt', subject: 'iss sub' }
  const world: JwtWorld = {
    ...{ issuer: use, keys, clock, record, denied, issued, refused, caller },
    authorities: [authority],
  }
  return world
}

const OPTIONS: JwtOptions = {
  trustDomain: 'cluster.local',
  defaultTtl: 300,
  maxTtl: 300,
  minTtl: 5,
  rejectOverMax: false,
}
