import type { Clock } from '../kernel/clock.ts'
import type { Aides } from './judge.ts'
import type { JwtPlan } from './jwt/compile-jwt-rules.ts'
import type { TokenVerifier } from './jwt/token-verifier.ts'
import type { AskProvider } from './provider.ts'

export interface AideDeps {
  readonly tokens: TokenVerifier
  readonly clock: Clock
  readonly ask: AskProvider
}

/** Who verifies tokens and asks providers for a workload with this plan. */
export function toAides(plan: JwtPlan | null, { tokens, clock, ask }: AideDeps): Aides {
  const nowSeconds = () => Math.floor(clock.now() / 1000)
  return {
    authenticate: plan === null ? null : (request) => tokens.authenticate(plan, request, nowSeconds()),
    ask,
  }
}
