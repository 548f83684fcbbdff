import { compileJwtRules, type JwtPlan } from '../../src/decide/jwt/compile-jwt-rules.ts'
import type { JwtRequest } from '../../src/decide/jwt/edited-request.ts'
import { JwksProvider } from '../../src/decide/jwt/jwks-provider.ts'
import type { JwtOutcome } from '../../src/decide/jwt/jwt-outcome.ts'
import { TokenVerifier } from '../../src/decide/jwt/token-verifier.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { JwtRule } from '../../src/mesh/resource.ts'
import type { Headers } from '../../src/policy/request.ts'
import { FakeClock } from './fakes.ts'
import type { TokenKey } from './jwt-maker.ts'

/** Unix seconds at which these requests are made. */
export const NOW = 1_795_230_000

export interface RequestParts {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

export function headersOf(fields: readonly (readonly [name: string, value: string])[]): Headers {
  return {
    joined: false,
    values: (name) => fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value),
    entries: () => fields,
  }
}

export function jwtRequest({ method = 'GET', target = '/', headers = [] }: RequestParts): JwtRequest {
  const [path = '', ...query] = target.split(/(?=\?)/)
  return { method, scheme: 'http', host: 'shop', path, query: query.join(''), headers: headersOf(headers) }
}

export function jwksOf(...keys: readonly TokenKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })
}

/** The plan of one policy with these rules. */
export function planOf(...jwtRules: readonly JwtRule[]): JwtPlan {
  const metadata = { name: 'tokens', namespace: 'default' }
  const plan = compileJwtRules([
    { apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication', metadata, spec: { jwtRules } },
  ])
  if (plan === null) throw new TypeError('no rules')
  return plan
}

export function openVerifier(): TokenVerifier {
  return new TokenVerifier(
    new JwksProvider({ clock: new FakeClock(NOW * 1000), log: silentLog, allowPrivateAddress: false }),
  )
}

/** What a fresh verifier says of one request. */
export async function authenticate(rules: readonly JwtRule[], parts: RequestParts): Promise<JwtOutcome> {
  return openVerifier().authenticate(planOf(...rules), jwtRequest(parts), NOW)
}

/** `passed`, or why it was refused. */
export async function outcomeOf(rules: readonly JwtRule[], parts: RequestParts): Promise<string> {
  const outcome = await authenticate(rules, parts)
  return outcome.ok ? 'passed' : outcome.failure
}
