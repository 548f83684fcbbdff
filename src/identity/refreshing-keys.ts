import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { JwtAlgorithm } from './jwt-algorithms.ts'
import { type KeySource, usableFor, withKid } from './key-source.ts'
import type { KeySet, VerificationKey } from './verification-key.ts'

/** Reads the whole set anew, or says that it is the one read last; rejects when it cannot be read. */
export type LoadKeys = () => Promise<KeySet | 'unchanged'>

/** Tokens that may wait for the keys of one issuer; each holds a place of the queue of requests. */
const MAX_WAITING = 16

export interface RefreshPlan {
  readonly everyMs: number
  /** Least time between two refreshes that unknown key ids cause (hostile 76). */
  readonly cooldownMs: number
  /** How long keys outlive the last successful refresh. */
  readonly keepMs: number
}

export interface RefreshingKeysDeps {
  readonly issuer: string
  readonly load: LoadKeys
  readonly plan: RefreshPlan
  readonly clock: Clock
  readonly log: Log
}

/** Keys that are read anew from time to time and, seldom, for an unknown key id; the last good ones serve meanwhile. */
export class RefreshingKeys implements KeySource {
  readonly #deps: RefreshingKeysDeps
  readonly #timer: NodeJS.Timeout
  #keys: readonly VerificationKey[] = []
  #fingerprint = ''
  #version = 0
  #loadedAt = Number.NEGATIVE_INFINITY
  #demandedAt = Number.NEGATIVE_INFINITY
  #failure: string | null = 'not read yet'
  #loading: Promise<void> | null = null
  #waiting = 0

  constructor(deps: RefreshingKeysDeps) {
    this.#deps = deps
    this.#timer = setInterval(() => void this.refresh(), deps.plan.everyMs)
    this.#timer.unref()
    void this.refresh()
  }

  get version(): number {
    return this.#version
  }

  candidates(kid: string | undefined, alg: JwtAlgorithm) {
    const known = withKid(this.#keys, kid)
    return known.length > 0 ? usableFor(known, alg) : this.#candidatesAfterRefresh(kid, alg)
  }

  /** Reads the keys now; one at a time, later callers share the one that runs. Never rejects. */
  refresh(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #candidatesAfterRefresh(kid: string | undefined, alg: JwtAlgorithm): Promise<readonly VerificationKey[]> {
    if (this.#loading !== null) await this.#wait(this.#loading)
    if (withKid(this.#keys, kid).length === 0) {
      const loading = this.#demandRefresh()
      if (loading !== null) await this.#wait(loading)
    }
    const known = withKid(this.#keys, kid)
    if (known.length === 0 && this.#failure !== null) {
      throw this.#unavailable(Math.ceil(this.#deps.plan.cooldownMs / 1000))
    }
    return usableFor(known, alg)
  }

  /** The refresh that an unknown key id causes, or the one that runs; null while it is too soon for another. */
  #demandRefresh(): Promise<void> | null {
    const now = this.#deps.clock.monotonic()
    if (now - this.#demandedAt < this.#deps.plan.cooldownMs) return this.#loading
    this.#demandedAt = now
    return this.refresh()
  }

  /** A slow key server must not fill the queue of requests with the tokens of a flood (hostile 76). */
  async #wait(loading: Promise<void>): Promise<void> {
    if (this.#waiting >= MAX_WAITING) throw this.#unavailable(1)
    this.#waiting++
    try {
      await loading
    } finally {
      this.#waiting--
    }
  }

  async #load(): Promise<void> {
    const { load, log, issuer } = this.#deps
    try {
      const keySet = await load()
      this.#loadedAt = this.#deps.clock.monotonic()
      if (keySet !== 'unchanged') this.#take(keySet)
      if (this.#failure !== null) log.info('keys.available', { issuer, keys: this.#keys.length })
      this.#failure = null
    } catch (error) {
      this.#fail(error)
    }
  }

  #take({ keys, skipped }: KeySet): void {
    const { issuer, log } = this.#deps
    const fingerprint = fingerprintOf(keys)
    if (fingerprint === this.#fingerprint) return
    this.#keys = keys
    this.#fingerprint = fingerprint
    this.#version++
    for (const reason of skipped) log.warn('keys.skipped', { issuer, reason })
  }

  #fail(error: unknown): void {
    const { issuer, log, plan, clock } = this.#deps
    const reason = error instanceof Error ? error.message : String(error)
    if (reason !== this.#failure) log.warn('keys.refresh_failed', { issuer, reason })
    this.#failure = reason
    if (this.#keys.length === 0 || clock.monotonic() - this.#loadedAt <= plan.keepMs) return
    log.error('keys.too_old', { issuer, reason })
    this.#take({ keys: [], skipped: [] })
  }

  #unavailable(retryAfterSeconds: number): AppError {
    return new AppError('auth.keys_unavailable', "the keys of the token's issuer cannot be read: try again later", {
      retryAfterSeconds,
    })
  }
}

function fingerprintOf(keys: readonly VerificationKey[]): string {
  return JSON.stringify(
    keys.map(({ kid, algorithms, publicKey }) => [kid, algorithms, publicKey.export({ format: 'jwk' })]),
  )
}
