import type { PathNormalization } from '../mesh/mesh-settings.ts'
import { normalizePath } from './normalize-path.ts'
import type { HttpRequest } from './request.ts'

/** An HTTP request as every policy sees it. */
export interface CanonicalRequest {
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** With its `?`; empty when there is none. */
  readonly query: string
  readonly host: string
}

/** Refused by the codec or the connection manager, before any policy (400). */
export interface Unacceptable {
  readonly why: string
}

const METHODS: ReadonlySet<string> = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR ' +
    'MKCOL MOVE M-SEARCH NOTIFY PROPFIND PROPPATCH PURGE REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK ' +
    'UNSUBSCRIBE'
  ).split(' '),
)

/** Whether Envoy's HTTP inspector takes the bytes of an undeclared port for HTTP. */
export function isRequestLine({ method, target }: HttpRequest): boolean {
  return METHODS.has(method) && (target.startsWith('/') || /^https?:\/\//i.test(target))
}

/** The canonical form of a request, or why Envoy answers 400. */
export function toCanonicalRequest(http: HttpRequest, mode: PathNormalization): CanonicalRequest | Unacceptable {
  const { method, target } = http
  if (!METHODS.has(method)) return { why: `unknown method \`${method.slice(0, 40)}\`` }
  const absolute = target.startsWith('/') ? null : splitAbsolute(target)
  const host = absolute?.authority ?? http.host
  if (host === null) return { why: 'no Host header' }
  const raw = absolute?.rest ?? target
  if (!raw.startsWith('/')) return { why: 'the request target is no path' }
  if (!isTarget(raw)) return { why: 'the path holds `#`, a control character or one beyond ASCII' }
  const mark = raw.indexOf('?')
  const path = normalizePath(mark < 0 ? raw : raw.slice(0, mark), mode)
  if (path === null) return { why: 'the path holds `%00`' }
  // a proxy that normalised `/%2%65%2%65/` forwards `/%2e%2e/`: another pass would judge what nobody receives
  if (http.viaProxy === true && normalizePath(path, mode) !== path)
    return { why: 'the path hides an escape in another' }
  return { method, path, query: mark < 0 ? '' : raw.slice(mark), host }
}

/** RFC 9112 §3.2.2: the authority comes from the target and overrides Host. */
function splitAbsolute(target: string): { readonly authority: string; readonly rest: string } | null {
  const match = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target)
  if (match === null) return null
  const [, authority = '', rest = ''] = match
  return { authority, rest: rest.startsWith('/') ? rest : `/${rest}` }
}

/** Printable ASCII without `#`. */
function isTarget(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false
  }
  return true
}
