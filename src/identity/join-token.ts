import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { RandomBytes } from '../kernel/random.ts'
import type { AttestedCaller } from './evidence.ts'
import type { JoinToken, JoinTokenStore } from './join-token-store.ts'
import { parseWorkloadId } from './workload-id.ts'

/** What every join token begins with; no JWT does. */
export const JOIN_TOKEN_PREFIX = 'alcz_'

/** What an administrator wants; absent: 10 minutes or the maximum if that is less, one use. */
export interface JoinTokenRequest {
  readonly identity: string
  readonly ttlSeconds?: number
  readonly uses?: number
}

/** A join token without what finds it. */
export type JoinTokenView = Omit<JoinToken, 'hash'>

/** A new join token; `token` is shown this once and stored nowhere. */
export interface CreatedJoinToken extends JoinTokenView {
  readonly token: string
}

/** The settings in force, read at each call because they may be reloaded. */
interface JoinTokenSettings {
  readonly trustDomain: string
  readonly maxTtlSeconds: number
}

export interface JoinTokenDeps {
  readonly store: JoinTokenStore
  readonly clock: Clock
  readonly random: RandomBytes
  readonly settings: () => JoinTokenSettings
}

const SECRET_BYTES = 32
const ID_BYTES = 16
const DEFAULT_TTL_SECONDS = 600
const MAX_USES = 1_000_000
const TOKEN = /^alcz_[A-Za-z0-9_-]{43}$/

/** Join tokens: made by administrators, bound to one identity, spent by workloads that have no other proof. */
export class JoinTokens {
  readonly #deps: JoinTokenDeps

  constructor(deps: JoinTokenDeps) {
    this.#deps = deps
  }

  /** `request.malformed` for the identity or the uses, `issue.ttl_invalid` for a ttl below 1 s or above the maximum. */
  async create(request: JoinTokenRequest, actor: string): Promise<CreatedJoinToken> {
    const { store, clock, random, settings } = this.#deps
    const { trustDomain, maxTtlSeconds } = settings()
    const identity = parseWorkloadId(request.identity, trustDomain, 'request.malformed')
    const ttlSeconds = checkTtl(request.ttlSeconds ?? Math.min(DEFAULT_TTL_SECONDS, maxTtlSeconds), maxTtlSeconds)
    const token = `${JOIN_TOKEN_PREFIX}${random(SECRET_BYTES).toString('base64url')}`
    const createdAt = clock.now()
    const stored: JoinToken = {
      id: random(ID_BYTES).toString('hex'),
      hash: hashOf(token),
      identity: identity.uri,
      createdAt,
      expiresAt: Math.floor(createdAt / 1000) + ttlSeconds,
      uses: checkUses(request.uses ?? 1),
      used: 0,
      createdBy: actor,
      revoked: false,
    }
    await store.createToken(stored)
    return { ...toView(stored), token }
  }

  async list(page: PageRequest): Promise<Page<JoinTokenView>> {
    const { items, next } = await this.#deps.store.listTokens(page)
    return { items: items.map(toView), next }
  }

  /** False when there is no such token. */
  revoke(id: string, actor: string): Promise<boolean> {
    return this.#deps.store.revokeToken(id, actor)
  }

  /**
   * Whom a token stands for; it is not spent here but with the intent row. `auth.token_unknown`, `auth.token_expired`,
   * `auth.token_used`.
   */
  async attest(token: string): Promise<AttestedCaller> {
    const { store, clock, settings } = this.#deps
    const stored = TOKEN.test(token) ? await store.findTokenByHash(hashOf(token)) : null
    if (stored === null || stored.revoked) {
      throw new AppError('auth.token_unknown', 'the join token is not known here: ask an administrator for one')
    }
    if (clock.now() >= stored.expiresAt * 1000) {
      throw new AppError('auth.token_expired', 'the join token has expired: ask an administrator for another')
    }
    if (stored.used >= stored.uses) {
      throw new AppError('auth.token_used', 'the join token is used up: ask an administrator for another')
    }
    const { id } = stored
    const identity = parseWorkloadId(stored.identity, settings().trustDomain, 'auth.subject_invalid') // the database is input too
    return { identity, attestor: 'join-token', subject: id, spend: { kind: 'join-token', id } }
  }
}

function checkTtl(seconds: number, maxSeconds: number): number {
  if (Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= maxSeconds) return seconds
  const detail = { wanted: `1 to ${maxSeconds} s`, seen: `${seconds} s` }
  throw new AppError('issue.ttl_invalid', 'the ttl is not one that `attestation.joinToken.maxTtl` allows', detail)
}

function checkUses(uses: number): number {
  if (Number.isSafeInteger(uses) && uses >= 1 && uses <= MAX_USES) return uses
  throw new AppError('request.malformed', `\`uses\` must be 1 to ${MAX_USES}`, { seen: String(uses) })
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function toView({ hash: _hash, ...view }: JoinToken): JoinTokenView {
  return view
}
