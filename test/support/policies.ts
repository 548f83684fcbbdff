import type { MeshSettings } from '../../src/mesh/mesh-settings.ts'
import type { Action, AuthorizationPolicy, Policy, Rule } from '../../src/mesh/resource.ts'
import type { Workload } from '../../src/mesh/workload.ts'
import { Attributes, type ConnectionFacts, type HttpFacts } from '../../src/policy/attributes.ts'
import { compileWorkload } from '../../src/policy/compile-workload.ts'
import { toHeaders } from '../../src/policy/headers.ts'
import { openRuleCompiler } from '../../src/policy/rule-compiler.ts'

export const MESH: MeshSettings = {
  rootNamespace: 'istio-system',
  trustDomain: 'td1',
  trustDomainAliases: ['td2'],
  pathNormalization: 'BASE',
  extensionProviders: ['ext-a'],
}
export const WEB: Workload = { namespace: 'foo', name: 'web', labels: { app: 'web' }, ip: '10.0.0.5', ports: 'as-told' }

/** An AuthorizationPolicy of namespace `foo` with these rules. */
export function authorizationPolicy(
  name: string,
  rules: readonly Rule[],
  more: {
    readonly action?: Action
    readonly namespace?: string
    readonly dryRun?: true
    readonly provider?: string
  } = {},
): AuthorizationPolicy {
  const { action = 'ALLOW', namespace = 'foo', dryRun, provider } = more
  const annotations = dryRun === undefined ? {} : { annotations: { 'istio.io/dry-run': 'true' } }
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, ...annotations },
    spec: { action, rules, ...(provider === undefined ? {} : { provider: { name: provider } }) },
  }
}

/** The rules of these policies for the workload `WEB`. */
export function authorizationOf(policies: readonly Policy[], protocol: 'http' | 'tcp' = 'http') {
  return compileWorkload(WEB, policies, { mesh: MESH, compile: openRuleCompiler(MESH) }).authorization(protocol)
}

/** A `GET /` over mutual TLS from `td1/ns/foo/sa/a`, with what is given changed. */
export function attributes(
  changed: Partial<ConnectionFacts> & { readonly http?: Partial<HttpFacts> | null } = {},
): Attributes {
  const { http = {}, ...connection } = changed
  return new Attributes(
    {
      port: 8080,
      sourceIp: '10.1.2.3',
      destinationIp: '10.0.0.5',
      peerSans: ['spiffe://td1/ns/foo/sa/a'],
      sni: null,
      ...connection,
    },
    http === null
      ? null
      : {
          method: 'GET',
          path: '/',
          query: '',
          host: 'shop',
          scheme: 'https',
          headers: toHeaders([]),
          claims: null,
          ...http,
        },
  )
}
