import { Agent as HttpAgent, request as openHttp } from 'node:http'
import { Agent as HttpsAgent, request as openHttps } from 'node:https'
import { isIP } from 'node:net'
import { compileHeaderNames } from './header-names.ts'
import { exchange } from './http-exchange.ts'
import { GRANTED, type Provider } from './provider-answer.ts'
import { toHttpAnswer } from './provider-http-answer.ts'
import { toCheckRequest } from './provider-http-request.ts'
import type { HttpProviderOptions } from './provider-options.ts'
import type { ProviderTls } from './provider-tls.ts'

const POOL = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 60_000 } as const

/** What a client gets of every refusal once a list names more (Envoy's `allowed_client_headers`). */
const ALWAYS_DOWNSTREAM = ['www-authenticate', 'location']

/**
 * Opens an authorizer that is asked as Envoy's `http_service` asks under istiod: the request's own method, host and path
 * (behind the path of the URL), no body, and the headers that it is configured to see. A redirect is a refusal.
 */
export function openHttpProvider(options: HttpProviderOptions, tls: ProviderTls | null): Provider {
  const { http } = options
  const url = new URL(http.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const agent = url.protocol === 'https:' ? openTlsAgent(host, tls) : new HttpAgent(POOL)
  const open = url.protocol === 'https:' ? openHttps : openHttp
  const base = { agent, host, ...(url.port === '' ? {} : { port: url.port }) }
  const prefix = url.pathname === '/' ? '' : url.pathname
  const asked = {
    included: compileHeaderNames(http.includeRequestHeadersInCheck),
    additional: http.includeAdditionalHeadersInCheck,
  }
  const downstream = http.headersToDownstreamOnDeny
  const answered = {
    toUpstream: compileHeaderNames(http.headersToUpstream),
    toDownstream: downstream.length === 0 ? () => true : compileHeaderNames([...downstream, ...ALWAYS_DOWNSTREAM]),
  }
  return {
    async ask(question) {
      if (question.http === null) return GRANTED // Istio puts no HTTP authorizer before TCP
      const head = toCheckRequest(question.http, prefix, asked)
      const signal = AbortSignal.timeout(options.timeout * 1000)
      return toHttpAnswer(await exchange(() => open({ ...base, ...head, signal })), answered)
    },
    close: () => agent.destroy(),
  }
}

function openTlsAgent(host: string, tls: ProviderTls | null): HttpsAgent {
  const { serverName, ...material } = tls ?? {}
  // Given always: node would otherwise take the name from the Host header, which is the client's. An address has no SNI.
  const servername = serverName ?? (isIP(host) === 0 ? host : '')
  return new HttpsAgent({ ...POOL, ...material, servername, minVersion: 'TLSv1.2' })
}
