import type { Operation, Source } from '../../../src/mesh/resource.ts'
import { inBlock, remoteIp } from './addresses.ts'
import { claimPath, matchesClaim, matchesRequestPrincipal } from './claims.ts'
import type { Facts, Http } from './facts.ts'
import { valuesOf } from './headers.ts'
import { matchesNamespace, matchesPrincipal, matchesServiceAccount, matchesTrustDomain } from './identity.ts'
import { matchesPattern } from './patterns.ts'
import type { Mesh } from './row.ts'
import { isTemplate, matchesTemplate } from './template.ts'

/** What a value of a policy is compared in the light of. */
export interface Context {
  readonly facts: Facts
  readonly mesh: Mesh
  readonly policyNamespace: string
}

/** Whether one value of a field matches; for HTTP-only fields `http` is what they look at. */
export type Matcher = (value: string, context: Context) => boolean
type Positive<Name extends string> = Name extends `not${string}` ? never : Name

const http =
  (test: (value: string, request: Http) => boolean): Matcher =>
  (value, { facts }) =>
    facts.http !== null && test(value, facts.http)

const principal: Matcher = (value, { facts, mesh }) => matchesPrincipal(value, facts.uriSans, mesh)
const namespace: Matcher = (value, { facts }) => matchesNamespace(value, facts.uriSans)
const trustDomain: Matcher = (value, { facts, mesh }) => matchesTrustDomain(value, facts.uriSans, mesh)
const serviceAccount: Matcher = (value, { facts, policyNamespace }) =>
  matchesServiceAccount(value, facts.uriSans, policyNamespace)
const sourceIp: Matcher = (value, { facts }) => inBlock(value, facts.sourceIp)
const remote: Matcher = (value, { facts }) => inBlock(value, remoteIp(facts.http?.headers ?? [], facts.sourceIp))
const requestPrincipal = http((value, request) => matchesRequestPrincipal(value, request.claims))
const port: Matcher = (value, { facts }) => Number(value) === facts.port

/** `source` of a rule. */
export const SOURCE_FIELDS: Readonly<Record<Positive<keyof Source>, Matcher>> = {
  principals: principal,
  requestPrincipals: requestPrincipal,
  namespaces: namespace,
  serviceAccounts: serviceAccount,
  trustDomains: trustDomain,
  ipBlocks: sourceIp,
  remoteIpBlocks: remote,
}

/** `operation` of a rule. */
export const OPERATION_FIELDS: Readonly<Record<Positive<keyof Operation>, Matcher>> = {
  hosts: http((value, { authority }) => value === '*' || matchesPattern(value.toLowerCase(), authority.toLowerCase())),
  ports: port,
  methods: http((value, { method }) => matchesPattern(value, method)),
  paths: http((value, { path }) => (isTemplate(value) ? matchesTemplate(value, path) : matchesPattern(value, path))),
}

const ATTRIBUTES: Readonly<Record<string, Matcher>> = {
  'source.principal': principal,
  'source.namespace': namespace,
  'source.serviceAccount': serviceAccount,
  'source.trustDomain': trustDomain,
  'source.ip': sourceIp,
  'remote.ip': remote,
  'destination.ip': (value, { facts }) => inBlock(value, facts.destinationIp),
  'destination.port': port,
  'connection.sni': (value, { facts }) => facts.sni !== null && matchesPattern(value, facts.sni.toLowerCase()),
  'request.auth.principal': requestPrincipal,
  'request.auth.audiences': http((value, { claims }) => matchesClaim(value, claims, ['aud'])),
  'request.auth.presenter': http((value, { claims }) => matchesClaim(value, claims, ['azp'])),
}

/** The key of a condition; undefined when Istio knows none of that name. */
export function conditionMatcher(key: string): Matcher | undefined {
  if (key.startsWith('request.headers[')) {
    const name = key.slice('request.headers['.length, -1)
    return http((value, request) =>
      headerValues(request, name).some((seen) => value === '*' || matchesPattern(value, seen)),
    )
  }
  if (key.startsWith('request.auth.claims[')) {
    return http((value, { claims }) => matchesClaim(value, claims, claimPath(key)))
  }
  if (key.startsWith('experimental.envoy.filters.')) return () => false
  return ATTRIBUTES[key]
}

/** Whether a field of a source or operation, or the key of a condition, has no meaning for a TCP connection. */
export function isHttpOnly(name: string): boolean {
  const fields = ['hosts', 'methods', 'paths', 'requestPrincipals']
  return fields.includes(name) || name.startsWith('request.headers[') || name.startsWith('request.auth.')
}

function headerValues(request: Http, name: string): readonly string[] {
  switch (name.toLowerCase()) {
    case ':path':
      return [request.path + request.query]
    case ':method':
      return [request.method]
    case ':authority':
    case 'host':
      return [request.authority]
    case ':scheme':
      return [request.scheme]
    default:
      return valuesOf(request.headers, name)
  }
}
