import { authorize } from './authorization.ts'
import { canonicalise } from './canonical.ts'
import { type Connection, classify } from './connection.ts'
import { refuseByCustom } from './custom.ts'
import type { Facts, Http } from './facts.ts'
import { toHeaderLists, withHeader, withoutHeader } from './headers.ts'
import { authenticate } from './jwt.ts'
import type { Outcome, Request, Row, Upstream } from './row.ts'

type Open = Exclude<Connection, { kind: 'closed' }>

/** Decides one request as Envoy does under istiod's configuration: slowly, and by the letter of the documentation. */
export function evaluate(row: Row, request: Request, now = Date.now() / 1000): Outcome {
  const connection = classify(row, request)
  if (connection.kind === 'closed') return { decision: 'reject', cause: connection.cause }
  const facts = factsOf(row, request, connection)
  if (connection.judgedAs === 'tcp') return decideTcp(row, request, facts, connection)
  const scheme = connection.kind === 'mtls' ? 'https' : 'http'
  const http = request.protocol === 'http' ? canonicalise(request, row.mesh.pathNormalization, scheme) : null
  if (http === null) return { decision: 'reject', cause: 'protocol', status: 400 }
  return decideHttp(row, { ...facts, http: withProxyHeaders(http, facts.uriSans) }, now)
}

function factsOf(row: Row, { port, sourceIp, peer }: Request, { kind, mode }: Open): Facts {
  const sni = mode === 'DISABLE' || !peer?.sni ? null : peer.sni
  const uriSans = kind === 'mtls' ? (peer?.uriSans ?? []) : []
  return { uriSans, sni, sourceIp, destinationIp: row.workload.ip, port, http: null }
}

/** The sidecar replaces `x-forwarded-client-cert` and adds `x-forwarded-proto`. */
function withProxyHeaders(http: Http, uriSans: readonly string[]): Http {
  const cleaned = withoutHeader(http.headers, 'x-forwarded-client-cert')
  const hasProto = cleaned.some(([name]) => name === 'x-forwarded-proto')
  const headers = hasProto ? cleaned : withHeader(cleaned, ['x-forwarded-proto', http.scheme])
  const certificate = uriSans.map((san) => `URI=${san}`).join(';')
  return {
    ...http,
    headers: certificate === '' ? headers : withHeader(headers, ['x-forwarded-client-cert', certificate]),
  }
}

function decideTcp(row: Row, request: Request, facts: Facts, { kind }: Open): Outcome {
  const custom = refuseByCustom(row, facts)
  if (custom !== null) return { decision: 'deny', ...custom }
  const { allowed, ...rest } = authorize(row, facts)
  if (!allowed) return { decision: 'deny', cause: 'rbac', ...rest }
  if (kind === 'opaque') return { decision: 'allow', cause: 'opaque_tls', ...rest }
  const status = request.protocol === 'http' ? { status: 200 } : {}
  return { decision: 'allow', cause: 'allowed', ...status, ...rest }
}

function decideHttp(row: Row, facts: Facts & { readonly http: Http }, now: number): Outcome {
  const custom = refuseByCustom(row, facts)
  if (custom !== null) return { decision: 'deny', status: 403, ...custom }
  const authenticated = authenticate(row, facts.http, now)
  if ('status' in authenticated) return { decision: 'deny', status: authenticated.status, cause: 'jwt' }
  const { http } = authenticated
  const { allowed, ...rest } = authorize(row, { ...facts, http })
  if (!allowed) return { decision: 'deny', status: 403, cause: 'rbac', ...rest }
  return { decision: 'allow', status: 200, cause: 'allowed', ...rest, upstream: upstreamOf(http) }
}

function upstreamOf({ method, path, query, authority, headers }: Http): Upstream {
  return { method, path: path + query, host: authority, headers: toHeaderLists(headers) }
}
