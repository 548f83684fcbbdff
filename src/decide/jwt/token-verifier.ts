import type { CompiledJwtRule, JwtPlan } from './compile-jwt-rules.ts'
import type { JwtRequest } from './edited-request.ts'
import type { JwksProvider } from './jwks-provider.ts'
import type { JwtOutcome } from './jwt-outcome.ts'
import { type JwtNeeds, type Known, runJwt, type Verdict, type Verdicts } from './run-jwt.ts'
import { VerdictCache, type VerdictLimits } from './verdict-cache.ts'
import { candidatesFor, verifySignature } from './verify-signature.ts'

const MEBIBYTE = 1024 * 1024
/** A good signature stays good as long as its key; `exp` is looked at anew each time. */
const GOOD: VerdictLimits = { entries: 10_000, bytes: 8 * MEBIBYTE, seconds: 600 }
/** Short, so that a key that appears is soon believed; enough to make the same bad token cheap. */
const BAD: VerdictLimits = { entries: 2_000, bytes: 2 * MEBIBYTE, seconds: 5 }

/** Verifies the tokens of requests, and remembers the verdicts. */
export class TokenVerifier implements Verdicts {
  readonly #keys: JwksProvider
  readonly #good = new VerdictCache(GOOD)
  readonly #bad = new VerdictCache(BAD)

  constructor(keys: JwksProvider) {
    this.#keys = keys
  }

  /** Synchronous when every token that matters was verified before. Never rejects for what a client sent. */
  authenticate(plan: JwtPlan, request: JwtRequest, nowSeconds: number): JwtOutcome | Promise<JwtOutcome> {
    const outcome = runJwt(plan, request, { verdicts: this, nowSeconds })
    return 'needs' in outcome ? this.#verifyAndRun({ plan, request, nowSeconds }, outcome) : outcome
  }

  find(rule: CompiledJwtRule, token: string, nowSeconds: number): Known | undefined {
    const keys = this.#keys.current(rule.keys)
    const key = VerdictCache.keyOf(token)
    const good = this.#good.find(keys, key, nowSeconds)
    return good?.failure === undefined ? (this.#bad.find(keys, key, nowSeconds) ?? good) : good
  }

  /** Its verdicts are kept at hand until the request is judged, so that each signature is looked at once at most. */
  async #verifyAndRun({ plan, request, nowSeconds }: Asked, first: JwtNeeds): Promise<JwtOutcome> {
    const own: (Verdict & { readonly rule: CompiledJwtRule; readonly token: string })[] = []
    const verdicts: Verdicts = {
      find: (rule, token) =>
        own.find((one) => one.rule === rule && one.token === token) ?? this.find(rule, token, nowSeconds),
    }
    let outcome: JwtOutcome | JwtNeeds = first
    while ('needs' in outcome) {
      const { rule, token } = outcome.needs
      own.push({ rule, token, ...(await this.#verify(outcome, nowSeconds)) })
      outcome = runJwt(plan, request, { verdicts, nowSeconds })
    }
    return outcome
  }

  async #verify({ needs: { rule, token, jwt } }: JwtNeeds, nowSeconds: number): Promise<Verdict> {
    const keys = await this.#keys.currentFor(rule.keys, (set) => candidatesFor(jwt, set).length > 0)
    if (keys === null) return { jwt, failure: 'keys_unavailable' }
    const verdict = { jwt, failure: await verifySignature(token, jwt, keys) }
    const cache = verdict.failure === null ? this.#good : this.#bad
    cache.set(token, verdict, { keys, nowSeconds })
    return verdict
  }
}

interface Asked {
  readonly plan: JwtPlan
  readonly request: JwtRequest
  readonly nowSeconds: number
}
