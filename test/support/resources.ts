import type { AuthorizationPolicy, PeerAuthentication, WorkloadEntry } from '../../src/mesh/resource.ts'

export const CREATED = '2026-11-21T03:00:00Z'

/** A valid ALLOW policy for one path. */
export function aPolicy(name: string, namespace = 'shop', path = '/a'): AuthorizationPolicy {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec: { rules: [{ to: [{ operation: { paths: [path] } }] }] },
  }
}

/** A valid PeerAuthentication of a whole namespace. */
export function aPeerAuthentication(name: string, namespace = 'shop'): PeerAuthentication {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace },
    spec: { mtls: { mode: 'STRICT' } },
  }
}

/** A valid WorkloadEntry. */
export function aWorkload(name: string, spec: WorkloadEntry['spec'], namespace = 'shop'): WorkloadEntry {
  return { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', metadata: { name, namespace }, spec }
}
