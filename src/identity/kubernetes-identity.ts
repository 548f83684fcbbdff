import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import { type Claims, isObject } from './jwt.ts'
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_SUBDOMAIN = 253

/**
 * The identity of a Kubernetes service account, from `sub` = `system:serviceaccount:NAMESPACE:NAME`; the
 * `kubernetes.io` claim of projected tokens must say the same. Throws `auth.subject_invalid` (hostile 70).
 */
export function toKubernetesIdentity(claims: Claims, trustDomain: string): SpiffeId {
  const sub = typeof claims.sub === 'string' ? claims.sub : ''
  const [system, kind, namespace = '', name = '', ...more] = sub.split(':', 5)
  if (
    system !== 'system' ||
    kind !== 'serviceaccount' ||
    more.length > 0 ||
    !isLabel(namespace) ||
    !isSubdomain(name)
  ) {
    const detail = { wanted: 'system:serviceaccount:NAMESPACE:NAME', seen: printable(sub) }
    throw new AppError('auth.subject_invalid', '`sub` is not that of a Kubernetes service account', detail)
  }
  if (Object.hasOwn(claims, 'kubernetes.io') && !agrees(claims['kubernetes.io'], namespace, name)) {
    throw new AppError('auth.subject_invalid', '`sub` and the `kubernetes.io` claim name different service accounts')
  }
  return parseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`, 'auth.subject_invalid')
}

function agrees(claim: unknown, namespace: string, name: string): boolean {
  return (
    isObject(claim) &&
    claim.namespace === namespace &&
    isObject(claim.serviceaccount) &&
    claim.serviceaccount.name === name
  )
}

/** RFC 1123 §2.1, as Kubernetes checks namespaces. */
function isLabel(text: string): boolean {
  return LABEL.test(text)
}

/** Labels in dots, as Kubernetes checks the names of service accounts. */
function isSubdomain(text: string): boolean {
  return text.length <= MAX_SUBDOMAIN && text.split('.').every(isLabel)
}
