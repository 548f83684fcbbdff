import Type from 'typebox'
import { address } from '../address.ts'
import { bundleEndpoint } from '../bundle-endpoint.ts'
import { key } from '../key.ts'
import { dnsName } from '../names.ts'
import { duration, orOff } from '../readers.ts'

export const listen = Type.Object(
  {
    grpc: key(address, {
      default: '127.0.0.1:15012',
      description: 'gRPC over TLS: certificates for Istio agents and ztunnel, health, reflection.',
    }),
    https: key(address, { default: '127.0.0.1:15013', description: 'HTTPS: the REST API and the trust bundle.' }),
    monitoring: key(address, {
      default: '127.0.0.1:15014',
      description: 'HTTP without authentication: `/metrics`, `/livez`, `/readyz`. A loopback address only.',
    }),
    decisions: key(orOff(address), {
      default: 'off',
      description:
        'Plaintext gRPC and HTTP/1.1 for proxies on this host, decisions only: `Check`, `/ext-authz`. A loopback address only.',
    }),
    bundle: key(orOff(bundleEndpoint), {
      default: 'off',
      description:
        'SPIFFE bundle endpoint, which never asks for a client certificate: `{ address, profile: https_spiffe }` with our own SVID, or `{ address, profile: https_web, certificate, key }` with files, PEM, that are read again when they change.',
    }),
  },
  { description: 'Where the service listens; port 0 picks a free one.' },
)

export const server = Type.Object(
  {
    dnsNames: Type.Array(key(dnsName), {
      default: [],
      uniqueItems: true,
      description: 'DNS names of the serving certificate, beside the built-in ones.',
    }),
    ttl: key(duration(), {
      default: '24h',
      description: 'Life of the serving certificate; it renews itself at half of it.',
    }),
  },
  { description: "The service's own serving certificate." },
)
