import type { Attributes, Json } from '../attributes.ts'
import type { Attribute } from '../field-test.ts'

/** How people name the attribute: as the key of a condition does. */
export function nameOf(attribute: Attribute): string {
  switch (attribute.of) {
    case 'header':
      return `request.headers[${attribute.name}]`
    case 'claim':
      return `request.auth.claims${attribute.path.map((name) => `[${name}]`).join('')}`
    case 'metadata':
      return attribute.key
    default:
      return NAMES[attribute.of]
  }
}

const NAMES = {
  principal: 'source.principal',
  namespace: 'source.namespace',
  serviceAccount: 'source.serviceAccount',
  trustDomain: 'source.trustDomain',
  requestPrincipal: 'request.auth.principal',
  sourceIp: 'source.ip',
  remoteIp: 'remote.ip',
  destinationIp: 'destination.ip',
  port: 'destination.port',
  sni: 'connection.sni',
  host: 'host',
  method: 'method',
  path: 'path',
} as const satisfies Partial<Record<Attribute['of'], string>>

const MAX_VALUES = 16
const MAX_LENGTH = 256

/** What the request has of the attribute, for people and cut to their size; empty when it is absent. */
export function seenOf(attributes: Attributes, attribute: Attribute): readonly string[] {
  const values = valuesOf(attributes, attribute).slice(0, MAX_VALUES) // each rule that does not match repeats them
  return values.map((value) => (value.length > MAX_LENGTH ? `${value.slice(0, MAX_LENGTH - 1)}…` : value))
}

function valuesOf(attributes: Attributes, attribute: Attribute): readonly string[] {
  const { connection, http } = attributes
  switch (attribute.of) {
    case 'principal':
    case 'namespace':
    case 'serviceAccount':
    case 'trustDomain':
      return connection.peerSans
    case 'requestPrincipal':
      return requestPrincipalOf(attributes)
    case 'sourceIp':
      return [connection.sourceIp]
    case 'remoteIp':
      return remoteOf(attributes)
    case 'destinationIp':
      return connection.destinationIp === null ? [] : [connection.destinationIp]
    case 'port':
      return [String(connection.port)]
    case 'sni':
      return connection.sni === null ? [] : [connection.sni]
    case 'host':
    case 'method':
    case 'path':
      return http === null ? [] : [http[attribute.of]]
    case 'header':
      return attributes.headerValues(attribute.name)
    case 'claim':
      return textsOf(attributes.claim(attribute.path))
    case 'metadata':
      return []
  }
}

function requestPrincipalOf(attributes: Attributes): readonly string[] {
  const { claims } = attributes.http ?? {}
  return claims === undefined || claims === null ? [] : [`${textsOf(claims.iss)}/${textsOf(claims.sub)}`]
}

function remoteOf(attributes: Attributes): readonly string[] {
  const forwarded = attributes.headerValues('x-forwarded-for')
  return attributes.remote === attributes.source ? [attributes.connection.sourceIp] : forwarded.slice(-1)
}

/** Strings as they are, other JSON as JSON. */
function textsOf(claim: Json | undefined): readonly string[] {
  if (claim === undefined) return []
  if (Array.isArray(claim)) return claim.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
  return [typeof claim === 'string' ? claim : JSON.stringify(claim)]
}
