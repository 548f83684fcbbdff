import type { HttpRequest } from '../policy/request.ts'
import type { HeaderNames } from './header-names.ts'
import { isEndToEnd, ProviderError } from './provider-answer.ts'

export interface CheckHeaders {
  /** Which of the request's own fields the authorizer sees. */
  readonly included: HeaderNames
  /** Fields of the configuration, which win over those of the request. */
  readonly additional: Readonly<Record<string, string>>
}

/** The head of the request to an HTTP authorizer; `ProviderError` where one cannot be made of this request. */
export function toCheckRequest(http: HttpRequest, prefix: string, rules: CheckHeaders) {
  // Node takes the answer to CONNECT for a tunnel.
  if (http.method === 'CONNECT') throw new ProviderError('an HTTP authorizer cannot be asked about CONNECT')
  if (!http.target.startsWith('/')) throw new ProviderError('the request has no path to ask about')
  return { method: http.method, path: prefix + http.target, headers: toHeaders(http, rules) }
}

/** As Envoy: Host and Authorization always, repeated fields joined with a comma, and no body. */
function toHeaders({ host, headers }: HttpRequest, { included, additional }: CheckHeaders): Record<string, string> {
  const sent = new Map<string, string>()
  for (const [written, value] of headers.entries()) {
    const name = written.toLowerCase()
    if (name !== 'authorization' && !(included(name) && isEndToEnd(name))) continue
    const before = sent.get(name)
    sent.set(name, before === undefined ? value : `${before},${value}`)
  }
  for (const [name, value] of Object.entries(additional)) sent.set(name.toLowerCase(), value)
  sent.set('host', host ?? '')
  sent.set('content-length', '0')
  return Object.fromEntries(sent)
}
