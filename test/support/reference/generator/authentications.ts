import type {
  JwtRule,
  MutualTlsMode,
  PeerAuthentication,
  RequestAuthentication,
} from '../../../../src/mesh/resource.ts'
import type { Random } from '../../der-mutations.ts'
import { SELECTORS } from './alphabet.ts'
import { drawScope } from './authorization-policies.ts'
import { oneIn, pick, pickSome, times } from './dice.ts'
import type { Setting } from './setting.ts'
import { ISSUERS } from './tokens.ts'

const MODES: readonly MutualTlsMode[] = ['PERMISSIVE', 'STRICT', 'DISABLE', 'UNSET']

/** A PeerAuthentication that Istio accepts; either all of a row are dated or none is. */
export function drawPeerAuthentication(dice: Random, setting: Setting, index: number): PeerAuthentication {
  const labels = pick(dice, [undefined, undefined, {}, ...SELECTORS])
  const selected = labels !== undefined && Object.keys(labels).length > 0
  const metadata = {
    name: `${pick(dice, ['m', 'n'])}${index}`,
    namespace: pick(dice, ['foo', setting.rootNamespace || 'istio-system', 'foo', 'bar']),
    ...(setting.dated ? { creationTimestamp: `2026-01-0${1 + dice(3)}T00:00:00Z` } : {}),
  }
  const spec = {
    ...(labels === undefined ? {} : { selector: { matchLabels: labels } }),
    ...(oneIn(dice, 6) ? {} : { mtls: oneIn(dice, 8) ? {} : { mode: pick(dice, MODES) } }),
    ...(selected && oneIn(dice, 2) ? { portLevelMtls: drawPorts(dice) } : {}),
  }
  return { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata, spec }
}

function drawPorts(dice: Random): Readonly<Record<string, { readonly mode?: MutualTlsMode }>> {
  const ports = pickSome(dice, ['8080', '9000', '8888'], 2)
  return Object.fromEntries(ports.map((port) => [port, oneIn(dice, 6) ? {} : { mode: pick(dice, MODES) }]))
}

/** A RequestAuthentication that Istio accepts. */
export function drawRequestAuthentication(dice: Random, setting: Setting, index: number): RequestAuthentication {
  const isCommon = setting.theme === 'token'
  const namespace = pick(dice, isCommon ? ['foo'] : ['foo', 'foo', setting.rootNamespace || 'istio-system', 'bar'])
  const jwtRules = times(oneIn(dice, 12) ? 0 : 1 + dice(2), () => drawJwtRule(dice, setting.keySets))
  const metadata = { name: `r${index}`, namespace }
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata,
    spec: { jwtRules, ...(isCommon ? {} : drawScope(dice)) },
  }
}

function drawJwtRule(dice: Random, keySets: readonly string[]): JwtRule {
  return {
    issuer: pick(dice, ISSUERS),
    jwks: pick(dice, oneIn(dice, 2) ? keySets : keySets.slice(0, 2)),
    ...(oneIn(dice, 4) ? { audiences: pickSome(dice, ['api', 'web', 'https://api/'], 2) } : {}),
    ...(oneIn(dice, 2) ? drawLocations(dice) : {}),
    ...(oneIn(dice, 3) ? { forwardOriginalToken: true } : {}),
    ...(oneIn(dice, 4) ? drawOutput(dice) : {}),
    ...(oneIn(dice, 3) ? { spaceDelimitedClaims: ['custom', 'groups'] } : {}),
  }
}

function drawLocations(dice: Random): Pick<JwtRule, 'fromHeaders' | 'fromParams' | 'fromCookies'> {
  const kinds = pickSome(dice, ['headers', 'params', 'cookies'], 2)
  const prefix = pick(dice, [{}, { prefix: 'Tok ' }, { prefix: 'Tok' }, { prefix: '' }])
  const authorization = oneIn(dice, 3) ? [{ name: 'authorization', prefix: 'Bearer ' }] : []
  return {
    ...(kinds.includes('headers') ? { fromHeaders: [...authorization, { name: 'x-jwt', ...prefix }] } : {}),
    ...(kinds.includes('params') ? { fromParams: pick(dice, [['tk'], ['access_token', 'tk']]) } : {}),
    ...(kinds.includes('cookies') ? { fromCookies: ['sess'] } : {}),
  }
}

function drawOutput(dice: Random): Pick<JwtRule, 'outputClaimToHeaders' | 'outputPayloadToHeader'> {
  const claims = ['role', 'sub', 'groups', 'ctx', 'ctx.dept', 'n', 'f', 'b', 'missing']
  const headers = ['x-claim', 'X-Env', 'x-other']
  const outputs = pickSome(dice, headers, 2).map((header) => ({ header, claim: pick(dice, claims) }))
  return { outputClaimToHeaders: outputs, ...(oneIn(dice, 3) ? { outputPayloadToHeader: 'x-payload' } : {}) }
}
