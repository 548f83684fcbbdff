import type { AuthorizationVerdict } from './authorize.ts'
import type { Unacceptable } from './canonical-request.ts'
import type { Admission } from './classify-connection.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { Decision } from './decision.ts'

type Refused = Extract<Admission, { readonly admitted: false }>
type Admitted = Extract<Admission, { readonly admitted: true }>

/** Whether an HTTP response can be sent, and whether HTTP was asked at all. */
export interface Answerable {
  readonly admission: Admitted
  readonly asked: 'http' | 'tcp'
}

const OK = 200
const FORBIDDEN = 403

export function toRefusedConnection({ cause, why }: Refused): Decision {
  return { decision: 'reject', cause, phase: 'peer', reason: `connection refused: ${why}` }
}

export function toUnacceptable({ why }: Unacceptable): Decision {
  return { decision: 'reject', status: 400, cause: 'protocol', phase: 'request', reason: `bad request: ${why}` }
}

/** What the rules said, as an answer; only HTTP that was read gets a status when refused. */
export function toDecision({ allowed, rule, audit, dryRun }: AuthorizationVerdict, answerable: Answerable): Decision {
  const decision = allowed ? toAllowed(rule, answerable) : toDenied(rule, answerable)
  if (!audit && dryRun === null) return decision
  return { ...decision, ...(dryRun === null ? {} : { dryRun }), ...(audit ? { audit } : {}) }
}

// Written out for each case: spreading parts together took a tenth of a decision's time.
const PHASE = 'authorization'

function toDenied(rule: CompiledRule | null, { admission }: Answerable): Decision {
  const reason = rule === null ? 'no ALLOW policy matched' : `denied by ${rule.name}`
  if (!admission.http) {
    const refused = { decision: 'deny', cause: 'rbac', phase: PHASE, reason } as const
    return rule === null ? refused : { ...refused, policy: rule.name }
  }
  const status = FORBIDDEN
  return rule === null
    ? { decision: 'deny', status, cause: 'rbac', phase: PHASE, reason }
    : { decision: 'deny', status, cause: 'rbac', phase: PHASE, policy: rule.name, reason }
}

function toAllowed(rule: CompiledRule | null, { admission, asked }: Answerable): Decision {
  const isOpaque = admission.tls === 'opaque'
  const reason = rule === null ? 'no ALLOW policy is attached' : `allowed by ${rule.name}`
  if (asked === 'tcp' || isOpaque) {
    const passed = { decision: 'allow', cause: isOpaque ? 'opaque_tls' : 'allowed', phase: PHASE, reason } as const
    return rule === null ? passed : { ...passed, allowedBy: rule.name }
  }
  return rule === null
    ? { decision: 'allow', status: OK, cause: 'allowed', phase: PHASE, reason }
    : { decision: 'allow', status: OK, cause: 'allowed', phase: PHASE, allowedBy: rule.name, reason }
}

/** A CUSTOM rule matched whose provider is unknown, or is one of several. */
export function toMisconfiguredCustom(rule: CompiledRule, { admission }: Answerable): Decision {
  return {
    decision: 'deny',
    ...(admission.http ? { status: FORBIDDEN } : {}),
    cause: 'rbac',
    phase: 'custom',
    policy: rule.name,
    reason: `denied by ${rule.name}: its provider is unknown or one of several`,
  }
}

/** The provider that a CUSTOM rule names refused, or could not be asked. */
export function toRefusedByProvider(rule: CompiledRule, status: number | null, why: string): Decision {
  const side = status === null ? {} : { status }
  return { decision: 'deny', ...side, cause: 'ext_authz', phase: 'custom', reason: `${rule.name}: ${why}` }
}

/** A token that was presented is not good. */
export function toRefusedToken(status: 401 | 403, why: string): Decision {
  return { decision: 'deny', status, cause: 'jwt', phase: 'request', reason: `token refused: ${why}` }
}
