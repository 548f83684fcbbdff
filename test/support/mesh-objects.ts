import type { Finding } from '../../src/mesh/finding.ts'
import type { Resource } from '../../src/mesh/resource.ts'
import { validateResource } from '../../src/mesh/validate-resource.ts'

type Json = Readonly<Record<string, unknown>>

/** An AuthorizationPolicy `foo/p`. */
export function authorizationPolicy(spec: Json, metadata: Json = {}): Json {
  return object('security.istio.io/v1', 'AuthorizationPolicy', { spec, metadata })
}

export function requestAuthentication(spec: Json, metadata: Json = {}): Json {
  return object('security.istio.io/v1', 'RequestAuthentication', { spec, metadata })
}

export function peerAuthentication(spec: Json, metadata: Json = {}): Json {
  return object('security.istio.io/v1', 'PeerAuthentication', { spec, metadata })
}

export function workloadEntry(spec: Json, metadata: Json = {}): Json {
  return object('networking.istio.io/v1', 'WorkloadEntry', { spec, metadata })
}

function object(apiVersion: string, kind: string, { spec, metadata }: { spec: Json; metadata: Json }): Json {
  return { apiVersion, kind, metadata: { name: 'p', namespace: 'foo', ...metadata }, spec }
}

/** The stored form of a document that must be valid. */
export function validated(document: unknown): Resource {
  const { resource, errors } = validateResource(document)
  if (resource === null) throw new TypeError(JSON.stringify(errors))
  return resource
}

/** `code path` of each finding, sorted, each once. */
export function codesAndPaths(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.map(({ code, path }) => `${code} ${path}`))].sort()
}
