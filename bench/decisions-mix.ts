import type { AuthorizationPolicy, Resource, WorkloadEntry } from '../src/mesh/resource.ts'

/** One rule, in terms that Istio, Cedar and casbin all have; null stands for any. */
export interface MixRule {
  readonly effect: 'ALLOW' | 'DENY'
  /** Service account in the namespace `clients`. */
  readonly account: string | null
  readonly method: string | null
  /** Exact, or a prefix where it ends in `*`. */
  readonly path: string | null
  /** The claim `role`. */
  readonly role: string | null
}

/** One request with the answer that every engine must give. */
export interface MixRequest {
  /** Null: plaintext. */
  readonly account: string | null
  readonly method: string
  readonly path: string
  /** Of a verified token; null without one. */
  readonly role: string | null
  readonly allowed: boolean
}

/** A workload's policies and what it is asked. */
export interface MixWorkload {
  readonly namespace: string
  readonly name: string
  readonly address: string
  readonly rules: readonly MixRule[]
  readonly requests: readonly MixRequest[]
}

/** Rules of one block: as many policies, one rule each. */
export const BLOCK = 10
const WORKLOADS_PER_NAMESPACE = 100

/** Ten rules over principals, methods, paths and claims; those of another `id` share nothing but words with them. */
function toRules(id: string): readonly MixRule[] {
  const any = { account: null, method: null, path: null, role: null }
  return [
    { ...any, effect: 'DENY', path: `/${id}/internal/*` },
    { ...any, effect: 'DENY', method: 'DELETE', path: `/${id}/archive/*` },
    { ...any, effect: 'DENY', account: `bot-${id}`, method: 'POST' },
    { ...any, effect: 'ALLOW', account: `web-${id}`, method: 'GET', path: `/${id}/items/*` },
    { ...any, effect: 'ALLOW', account: `web-${id}`, method: 'POST', path: `/${id}/orders` },
    { ...any, effect: 'ALLOW', role: `editor-${id}`, method: 'PUT', path: `/${id}/docs/*` },
    { ...any, effect: 'ALLOW', role: `auditor-${id}`, method: 'GET', path: `/${id}/reports/*` },
    { ...any, effect: 'ALLOW', account: `batch-${id}`, path: `/${id}/jobs/*` },
    { ...any, effect: 'ALLOW', account: `scraper-${id}`, method: 'GET', path: '/metrics' },
    { ...any, effect: 'ALLOW', role: `owner-${id}` },
  ]
}

function toRequests(id: string): readonly MixRequest[] {
  const web = { account: `web-${id}`, role: null }
  const gateway = { account: `gateway-${id}` }
  return [
    { ...web, method: 'GET', path: `/${id}/items/42?page=2`, allowed: true },
    { ...web, method: 'POST', path: `/${id}/orders`, allowed: true },
    { ...web, method: 'GET', path: `/${id}/internal/users`, allowed: false },
    { ...gateway, role: `editor-${id}`, method: 'PUT', path: `/${id}/docs/plan`, allowed: true },
    { ...gateway, role: `auditor-${id}`, method: 'GET', path: `/${id}/reports/q3`, allowed: true },
    { ...gateway, role: `owner-${id}`, method: 'PATCH', path: `/${id}/anything/else`, allowed: true },
    { account: `bot-${id}`, role: null, method: 'POST', path: `/${id}/orders`, allowed: false },
    { account: null, role: null, method: 'GET', path: `/${id}/items/7`, allowed: false },
  ]
}

/** One workload with `count` policies. */
export function crowdedWorkload(count: number): MixWorkload {
  const ids = Array.from({ length: count / BLOCK }, (_, i) => `t${i}`)
  const [rules, requests] = [ids.flatMap(toRules), ids.flatMap(toRequests)]
  return { namespace: 'shop', name: 'api', address: '10.9.0.1', rules, requests }
}

/** `count` workloads with ten policies each, a hundred in a namespace. */
export function manyWorkloads(count: number): readonly MixWorkload[] {
  return Array.from({ length: count }, (_, i) => ({
    namespace: `shop-${Math.floor(i / WORKLOADS_PER_NAMESPACE)}`,
    name: `api-${i}`,
    address: `10.9.${i >> 8}.${i & 255}`,
    rules: toRules(`t${i}`),
    requests: toRequests(`t${i}`),
  }))
}

/** The workload's entry and its policies, as documents to apply. */
export function toResources(workload: MixWorkload): readonly Resource[] {
  return [toEntry(workload), ...workload.rules.map((rule, index) => toPolicy(workload, rule, index))]
}

function toEntry({ namespace, name, address }: MixWorkload): WorkloadEntry {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { namespace, name },
    spec: { address, labels: { app: name, tier: 'backend' }, serviceAccount: name, ports: { 'http-web': 8080 } },
  }
}

/** One policy of one rule, for the workload alone. */
export function toPolicy({ namespace, name }: MixWorkload, rule: MixRule, index: number): AuthorizationPolicy {
  const { effect, account, method, path, role } = rule
  const operation = {
    ...(method === null ? {} : { methods: [method] }),
    ...(path === null ? {} : { paths: [path] }),
  }
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace, name: `${name}-${index}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: name } },
      action: effect,
      rules: [
        {
          ...(account === null ? {} : { from: [{ source: { principals: [toPrincipal(account)] } }] }),
          ...(method === null && path === null ? {} : { to: [{ operation }] }),
          ...(role === null ? {} : { when: [{ key: 'request.auth.claims[role]', values: [role] }] }),
        },
      ],
    },
  }
}

/** The principal of a client, without its scheme. */
export function toPrincipal(account: string): string {
  return `cluster.local/ns/clients/sa/${account}`
}
