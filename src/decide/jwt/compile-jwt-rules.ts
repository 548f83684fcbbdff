import { compareTexts } from '../../kernel/compare-texts.ts'
import type { JwtRule, RequestAuthentication } from '../../mesh/resource.ts'
import type { JsonObject } from '../../policy/attributes.ts'
import { type ClaimDemands, toBareAudience } from './check-claims.ts'
import { type KeyReference, toKeyReference } from './key-reference.ts'
import { type Location, toLocations } from './locations.ts'
import type { Jwt } from './parse-jwt.ts'
import { claimsToSplit } from './split-claims.ts'

interface ClaimHeader {
  /** In lower case. */
  readonly header: string
  /** Names that descend into objects. */
  readonly path: readonly string[]
}

/** One rule (a provider of Envoy's jwt_authn), with all that does not depend on a request worked out. */
export interface CompiledJwtRule extends ClaimDemands {
  readonly locations: readonly Location[]
  readonly keys: KeyReference
  /** Whether the token stays in the request. */
  readonly forward: boolean
  /** In lower case; null: none. */
  readonly payloadHeader: string | null
  readonly claimHeaders: readonly ClaimHeader[]
  /** Every header that the rule may set, in lower case. */
  readonly outputHeaders: readonly string[]
  readonly split: readonly string[]
  /** The split claims of tokens that were verified by it. */
  readonly splitClaims: WeakMap<Jwt, JsonObject>
}

/** What verifies the tokens of requests to one workload. */
export interface JwtPlan {
  /** Sorted by issuer; one at least. */
  readonly rules: readonly CompiledJwtRule[]
  /** Headers that only a rule may set: a client's own are removed. */
  readonly outputHeaders: readonly string[]
}

/**
 * Compiles the rules of the RequestAuthentications that are for a workload; null when they have none. Policies come in
 * istiod's order, root namespace first, since rules of one issuer keep it.
 */
export function compileJwtRules(policies: readonly RequestAuthentication[]): JwtPlan | null {
  const rules = policies
    .flatMap(({ spec }) => spec.jwtRules ?? [])
    .map(compiled)
    .sort((a, b) => compareTexts(a.issuer, b.issuer))
  if (rules.length === 0) return null
  return { rules, outputHeaders: [...new Set(rules.flatMap(({ outputHeaders }) => outputHeaders))] }
}

/** Rules are the same for all workloads and versions that share them, and so are the verdicts on their tokens. */
const known = new WeakMap<JwtRule, CompiledJwtRule>()

function compiled(rule: JwtRule): CompiledJwtRule {
  const found = known.get(rule) ?? compileRule(rule)
  known.set(rule, found)
  return found
}

function compileRule(rule: JwtRule): CompiledJwtRule {
  const claimHeaders = (rule.outputClaimToHeaders ?? []).map(({ header, claim }) => ({
    header: header.toLowerCase(),
    path: claim.split('.'),
  }))
  const payloadHeader = rule.outputPayloadToHeader ? rule.outputPayloadToHeader.toLowerCase() : null
  const outputs = claimHeaders.map(({ header }) => header)
  return {
    issuer: rule.issuer ?? '',
    audiences: new Set((rule.audiences ?? []).map(toBareAudience)),
    locations: toLocations(rule),
    keys: toKeyReference(rule),
    forward: rule.forwardOriginalToken ?? false,
    payloadHeader,
    claimHeaders,
    outputHeaders: payloadHeader === null ? outputs : [payloadHeader, ...outputs],
    split: claimsToSplit(rule.spaceDelimitedClaims),
    splitClaims: new WeakMap(),
  }
}
