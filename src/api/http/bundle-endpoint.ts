import https from 'node:https'
import type { BundleSource } from '../../ca/bundle.ts'
import { NO_HANDSHAKE_TIMEOUT_MS } from '../handshakes.ts'
import type { TcpAddress } from '../listen-tcp.ts'
import type { ServingTls } from '../serving-tls.ts'
import { type App, buildBase } from './base.ts'
import type { HttpBase } from './deps.ts'
import { attachTo, type HttpListener, openOn } from './listen.ts'
import { type CreateServer, SERVER_OPTIONS } from './node-server.ts'
import { sendTagged } from './tagged.ts'

/** What the bundle endpoint serves. */
export interface BundleEndpointDeps extends HttpBase {
  readonly bundle: BundleSource
}

/** Opens the SPIFFE bundle endpoint; no client is ever asked for a certificate (F-8). */
export async function openBundleEndpoint(
  address: TcpAddress,
  tls: ServingTls,
  deps: BundleEndpointDeps,
): Promise<HttpListener> {
  const server = https.createServer({ ...SERVER_OPTIONS, ...tlsOptions(tls) })
  const app = buildBundleEndpoint(deps, attachTo(server))
  // Connections that are open keep what they were made with.
  const stopWatching = tls.onChange(() => server.setSecureContext(tlsOptions(tls)))
  const listener = await openOn(server, { app, base: deps, listen: address })
  return {
    ...listener,
    close: (graceSeconds) => {
      stopWatching()
      return listener.close(graceSeconds)
    },
  }
}

/** GET and HEAD of `/`, for anyone (F-9…F-11). */
function buildBundleEndpoint(deps: BundleEndpointDeps, createServer: CreateServer): App {
  const app = buildBase(deps, createServer)
  app.get('/', async (request, reply) => {
    const { etag, spiffe: body } = deps.bundle.current()
    return sendTagged(request, reply, { etag, type: 'application/json', body })
  })
  return app
}

/** Mozilla's intermediate configuration without finite-field Diffie-Hellman (F-3). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

function tlsOptions(tls: ServingTls): https.ServerOptions {
  const { cert, key } = tls.current()
  return {
    cert,
    key,
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    handshakeTimeout: NO_HANDSHAKE_TIMEOUT_MS,
    requestCert: false,
  }
}
