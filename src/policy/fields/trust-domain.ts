import type { FieldContext } from '../field-test.ts'
import { fits, toPattern } from '../pattern.ts'

const PARTS = 5
/** Istio takes this name for the mesh's own trust domain, whatever that is called. */
const MAGIC = 'cluster.local'

/**
 * What a principal stands for under trust domain aliases: only `td/ns/N/sa/S` whose `td` is one of ours, a wildcard that
 * fits one of ours, or `cluster.local` is rewritten; anything else is literal (Istio's trustdomain bundle).
 */
export function expandPrincipal(value: string, context: FieldContext): string[] {
  const parts = value.split('/')
  const domain = parts[0] ?? ''
  if (parts.length !== PARTS || domain === '*' || !isOurs(domain, context)) return [value]
  const rest = parts.slice(1).join('/')
  const expanded = context.trustDomains.map((own) =>
    domain.startsWith('*') && own.endsWith(domain.slice(1)) ? `${domain}/${rest}` : `${own}/${rest}`,
  )
  return [...new Set(expanded)]
}

/** What a trust domain stands for: one of ours is all of ours. */
export function expandTrustDomain(value: string, context: FieldContext): readonly string[] {
  return context.trustDomains.includes(value) ? context.trustDomains : [value]
}

function isOurs(domain: string, context: FieldContext): boolean {
  if (domain === MAGIC) return true
  const pattern = toPattern(domain)
  return context.trustDomains.some((own) => fits(pattern, own))
}
