import type { IncomingMessage } from 'node:http'
import { AppError } from '../../kernel/errors.ts'
import type { HttpRequest } from '../../policy/request.ts'
import { ForwardedHeaders, isClientField, toldBy } from './ext-authz-headers.ts'

/** Envoy puts the original path behind it; without one it is forward-auth, where headers name the request. */
export const EXT_AUTHZ = '/ext-authz'

/** How a proxy asks over HTTP. */
export type Form = 'ext-authz' | 'forward-auth'

/** The form of a request by its raw target, null for a target that is not ours. */
export function formOf(target: string): Form | null {
  if (target === EXT_AUTHZ) return 'forward-auth'
  return target.startsWith(`${EXT_AUTHZ}/`) ? 'ext-authz' : null
}

/** The client's request, as the proxy tells it; throws `request.malformed` where it does not tell enough. */
export function toClientRequest(message: IncomingMessage, form: Form): HttpRequest {
  return form === 'forward-auth' ? toForwarded(message) : toOriginal(message)
}

/** Envoy's HTTP service: the request itself, its path behind ours. */
function toOriginal({ method = '', url = '', rawHeaders }: IncomingMessage): HttpRequest {
  const headers = new ForwardedHeaders(rawHeaders, isClientField)
  return { method, target: url.slice(EXT_AUTHZ.length), host: toldBy(rawHeaders, 'host'), headers }
}

const FORWARDED: ReadonlySet<string> = new Set([
  'x-original-uri',
  'x-original-method',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-host',
])

/** nginx's `auth_request` and Traefik's `forwardAuth`: a request of the proxy's own, with headers for the client's. */
function toForwarded({ rawHeaders }: IncomingMessage): HttpRequest {
  const method = oneOf(rawHeaders, ['x-original-method', 'x-forwarded-method'])
  const target = oneOf(rawHeaders, ['x-original-uri', 'x-forwarded-uri'])
  const host = toldBy(rawHeaders, 'x-forwarded-host') ?? toldBy(rawHeaders, 'host')
  const headers = new ForwardedHeaders(rawHeaders, (name) => isClientField(name) && !FORWARDED.has(name))
  return { method, target, host, headers }
}

/** A client may have sent the one that the proxy does not write: where both are there they must say the same. */
function oneOf(rawHeaders: readonly string[], names: readonly [string, string]): string {
  const [first, second] = names.map((name) => toldBy(rawHeaders, name))
  const value = first ?? second ?? null
  if (value === null) throw new AppError('request.malformed', `a proxy must give \`${names[0]}\` or \`${names[1]}\``)
  if (first != null && second != null && first !== second) {
    throw new AppError('request.malformed', `\`${names[0]}\` and \`${names[1]}\` disagree`)
  }
  return value
}
