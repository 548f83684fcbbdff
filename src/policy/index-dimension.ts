import type { Attributes } from './attributes.ts'
import type { Attribute } from './field-test.ts'
import { namespacesOf, serviceAccountsOf } from './spiffe-san.ts'

/** An attribute that rules can be found by: the keys that a request has of it. */
export interface Dimension {
  readonly id: string
  keysOf(attributes: Attributes): readonly string[]
}

const NONE: readonly string[] = []

/** Dimensions without a name of their own: one object each, whatever number of rules there is. */
const PLAIN = {
  principal: { id: 'principal', keysOf: ({ connection }) => connection.peerSans },
  namespace: { id: 'namespace', keysOf: ({ connection }) => connection.peerSans.flatMap(namespacesOf) },
  serviceAccount: { id: 'serviceAccount', keysOf: ({ connection }) => connection.peerSans.flatMap(serviceAccountsOf) },
  requestPrincipal: { id: 'requestPrincipal', keysOf: requestPrincipalOf },
  host: { id: 'host', keysOf: (attributes) => (attributes.http === null ? NONE : [attributes.lowerHost]) },
  method: { id: 'method', keysOf: ({ http }) => (http === null ? NONE : [http.method]) },
  path: { id: 'path', keysOf: ({ http }) => (http === null ? NONE : [http.path]) },
  port: { id: 'port', keysOf: ({ connection }) => [String(connection.port)] },
  sni: { id: 'sni', keysOf: ({ connection }) => (connection.sni === null ? NONE : [connection.sni]) },
} as const satisfies Partial<Record<Attribute['of'], Dimension>>

/** The dimension of an attribute; null when no request key tells which rules may match. */
export function toDimension(attribute: Attribute): Dimension | null {
  switch (attribute.of) {
    case 'header':
      return { id: `header ${attribute.name}`, keysOf: (attributes) => headerKeys(attributes, attribute.name) }
    case 'claim':
      return {
        id: `claim ${JSON.stringify(attribute.path)}`,
        keysOf: (attributes) => claimKeys(attributes, attribute.path),
      }
    case 'trustDomain':
    case 'sourceIp':
    case 'remoteIp':
    case 'destinationIp':
    case 'metadata':
      return null
    default:
      return PLAIN[attribute.of]
  }
}

function requestPrincipalOf(attributes: Attributes): readonly string[] {
  const claims = attributes.http?.claims ?? null
  return claims === null ? NONE : [`${claims.iss}/${claims.sub}`]
}

/** Parts of joined values too: a refusing rule looks at them. */
function headerKeys(attributes: Attributes, name: string): readonly string[] {
  const values = attributes.headerValues(name)
  if (values.length === 0) return NONE
  return values.flatMap((value) =>
    value.includes(',') ? [value.trim(), ...value.split(',').map((part) => part.trim())] : [value.trim()],
  )
}

function claimKeys(attributes: Attributes, path: readonly string[]): readonly string[] {
  const claim = attributes.claim(path)
  if (typeof claim === 'string') return [claim]
  return Array.isArray(claim) ? claim.filter((item): item is string => typeof item === 'string') : NONE
}
