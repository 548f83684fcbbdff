import { isDeepStrictEqual } from 'node:util'
import type { Explained } from '../../decide/what-if.ts'
import type { Upstream } from '../../policy/decision.ts'
import type { Expectation, RecordedOutcome, Wanted } from './wanted.ts'

/** The names of the fields in which a decision is not what is wanted. */
export function differences(wanted: Wanted, got: Explained): readonly string[] {
  return 'expect' in wanted ? fromExpectation(wanted, got) : fromOutcome(wanted, got)
}

function fromExpectation({ expect, policy }: Expectation, { decision }: Explained): readonly string[] {
  const isAllowed = decision.decision === 'allow'
  const isMet = typeof expect === 'number' ? decision.status === expect : isAllowed === (expect === 'allow')
  const rule = decision.policy ?? decision.allowedBy ?? ''
  const isByPolicy = policy === undefined || isOfPolicy(rule, policy)
  return [...(isMet ? [] : [typeof expect === 'number' ? 'status' : 'decision']), ...(isByPolicy ? [] : ['policy'])]
}

/** Whether `ns[shop]-policy[readers]-rule[0]`, with a provider before it or not, is of the policy. */
function isOfPolicy(rule: string, policy: string): boolean {
  if (rule === policy) return true
  const [name = '', namespace] = policy.split('/').toReversed()
  return rule.includes(`${namespace === undefined ? '' : `ns[${namespace}]`}-policy[${name}]-rule[`)
}

const COMPARED = ['decision', 'status', 'cause', 'policy', 'dryRun', 'audit'] as const

/** The criterion of the corpus; what the workload received counts where it was recorded. */
function fromOutcome(wanted: RecordedOutcome, { decision, upstream }: Explained): readonly string[] {
  const fields: string[] = COMPARED.filter((field) => !isDeepStrictEqual(wanted[field], decision[field]))
  return wanted.upstream === undefined ? fields : [...fields, ...fromUpstream(wanted.upstream, upstream)]
}

function fromUpstream(wanted: Upstream, got: Upstream | undefined): readonly string[] {
  if (got === undefined) return ['upstream']
  const parts = (['method', 'path', 'host'] as const).filter((part) => wanted[part] !== got[part])
  const names = new Set([...Object.keys(wanted.headers), ...Object.keys(got.headers)])
  const headers = [...names].filter((name) => !isOfProxy(name) && !isSame(wanted.headers[name], got.headers[name]))
  return [...parts, ...headers.map((name) => `headers.${name}`)].map((part) => `upstream.${part}`)
}

/** Headers that the proxy sets on its own account, whatever the policies say. */
function isOfProxy(name: string): boolean {
  return name === 'x-forwarded-client-cert' || name === 'x-forwarded-proto'
}

function isSame(wanted: readonly string[] | undefined, got: readonly string[] | undefined): boolean {
  return isDeepStrictEqual(wanted?.map(readClaim), got?.map(readClaim))
}

/** Envoy writes a claim that is an object as base64 of its JSON, the members in no particular order. */
function readClaim(value: string): unknown {
  try {
    const claim: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'))
    return typeof claim === 'object' ? claim : value
  } catch {
    return value
  }
}
