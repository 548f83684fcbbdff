import { type Json, kubernetesClaims, makeToken, makeTokenKey } from './jwt-maker.ts'

const KEY = makeTokenKey('ES256', 'k1')

/** `attestation` with the issuer of `kubernetesToken`, its keys inline. */
export const ATTESTATION: Json = {
  jwt: [
    {
      issuer: 'https://kubernetes.default.svc.cluster.local',
      audiences: ['istio-ca'],
      jwks: { inline: { keys: [KEY.jwk] } },
      identity: 'kubernetes',
    },
  ],
}

/** A service-account token of `ns/<namespace>/sa/<name>`, good for an hour. */
export function kubernetesToken(namespace: string, name: string): string {
  const pod = { name: `${name}-0`, uid: 'c3cf1b43-6b0a-4c27-9d1e-0a0b0c0d0e0f' }
  const serviceaccount = { name, uid: 'f1e2d3c4-0000-4000-8000-000000000000' }
  return makeToken(
    KEY,
    kubernetesClaims(Math.floor(Date.now() / 1000), {
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io': { namespace, pod, serviceaccount },
    }),
  )
}

/** The identity that such a token proves. */
export function idOf(namespace: string, name: string): string {
  return `spiffe://cluster.local/ns/${namespace}/sa/${name}`
}
