import { isJsonObject } from '../../kernel/json-object.ts'
import { Attributes, type ConnectionFacts, type HttpFacts, type JsonObject } from '../attributes.ts'
import type { Attribute } from '../field-test.ts'
import { withFields } from '../headers.ts'

/** The same request with one attribute changed; null takes it away, as far as a request can be without it. */
export function withAttribute(attributes: Attributes, attribute: Attribute, value: string | null): Attributes | null {
  const { connection, http } = attributes
  const connected = changeConnection(connection, attribute, value)
  if (connected !== null) return new Attributes(connected, http)
  const requested = http === null ? null : changeHttp(http, attribute, value)
  return requested === null ? null : new Attributes(connection, requested)
}

function changeConnection(
  connection: ConnectionFacts,
  attribute: Attribute,
  value: string | null,
): ConnectionFacts | null {
  switch (attribute.of) {
    case 'principal':
      return { ...connection, peerSans: value === null ? [] : [value] }
    case 'namespace':
      return value === null
        ? null
        : { ...connection, peerSans: [`spiffe://${domainOf(connection)}/ns/${value}/sa/any`] }
    case 'serviceAccount':
      return value === null ? null : { ...connection, peerSans: [toSan(connection, value)] }
    case 'trustDomain':
      return value === null ? null : { ...connection, peerSans: [`spiffe://${value}/ns/any/sa/any`] }
    case 'sourceIp':
      return value === null ? null : { ...connection, sourceIp: value }
    case 'destinationIp':
      return { ...connection, destinationIp: value }
    case 'port':
      return value === null ? null : { ...connection, port: Number(value) }
    case 'sni':
      return { ...connection, sni: value }
    default:
      return null
  }
}

function domainOf({ peerSans }: ConnectionFacts): string {
  return peerSans[0]?.split('/')[2] ?? 'cluster.local'
}

function toSan(connection: ConnectionFacts, account: string): string {
  const [namespace = '', name = ''] = account.split('/')
  return `spiffe://${domainOf(connection)}/ns/${namespace}/sa/${name}`
}

function changeHttp(http: HttpFacts, attribute: Attribute, value: string | null): HttpFacts | null {
  switch (attribute.of) {
    case 'host':
    case 'method':
    case 'path':
      return value === null ? null : { ...http, [attribute.of]: value }
    case 'header':
      return changeHeader(http, attribute.name, value)
    case 'remoteIp':
      return changeHeader(http, 'x-forwarded-for', value)
    case 'claim':
      return { ...http, claims: withClaim(http.claims ?? {}, attribute.path, value) }
    case 'requestPrincipal':
      return { ...http, claims: withRequestPrincipal(http.claims ?? {}, value) }
    default:
      return null
  }
}

function changeHeader(http: HttpFacts, name: string, value: string | null): HttpFacts | null {
  if (name.startsWith(':') || name === 'host') return null
  return { ...http, headers: withFields(http.headers, new Map([[name, value === null ? [] : [value]]])) }
}

function withRequestPrincipal(claims: JsonObject, value: string | null): JsonObject | null {
  if (value === null) return null
  const slash = value.lastIndexOf('/')
  return { ...claims, iss: value.slice(0, slash), sub: value.slice(slash + 1) }
}

function withClaim(claims: JsonObject, path: readonly string[], value: string | null): JsonObject {
  const [name = '', ...deeper] = path
  if (deeper.length > 0) {
    const inner = claims[name]
    return { ...claims, [name]: withClaim(isJsonObject(inner) ? inner : {}, deeper, value) }
  }
  const { [name]: _, ...others } = claims
  return value === null ? others : { ...others, [name]: value }
}
