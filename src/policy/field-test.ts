import type { Attributes } from './attributes.ts'

/** What a field of a policy looks at, for explanations and for the index. */
export type Attribute =
  | { readonly of: 'principal' | 'namespace' | 'serviceAccount' | 'trustDomain' | 'requestPrincipal' }
  | { readonly of: 'sourceIp' | 'remoteIp' | 'destinationIp' | 'port' | 'sni' }
  | { readonly of: 'host' | 'method' | 'path' }
  | { readonly of: 'header'; readonly name: string }
  | { readonly of: 'claim'; readonly path: readonly string[] }
  | { readonly of: 'metadata'; readonly key: string }

/** One field of a rule, compiled: all of its values against one attribute. */
export interface FieldTest {
  /** Where it stands in the rule: `from[0].source.principals`, `when[1].notValues`. */
  readonly path: string
  /** As written in the policy. */
  readonly values: readonly string[]
  /** A `not…` field holds when no value matches, so also when the attribute is absent. */
  readonly negative: boolean
  readonly attribute: Attribute
  /** Keys of the index under which a request that this field lets pass is found; null where the values are no literals. */
  readonly keys: readonly IndexKey[] | null
  readonly holds: (attributes: Attributes) => boolean
}

/** A literal that a request must have, or (paths) begin with, for a field to hold. */
export interface IndexKey {
  readonly text: string
  readonly prefix: boolean
}

/** The kind of policy that a field belongs to: a joined header value is judged to the closed side of it. */
export type Effect = 'refuse' | 'grant'

/** What compiling a field depends on beside its values. */
export interface FieldContext {
  /** Namespace of the policy: service accounts without one mean this. */
  readonly namespace: string
  readonly trustDomain: string
  /** The trust domain and its aliases. */
  readonly trustDomains: readonly string[]
  readonly effect: Effect
}

/** Thrown where a value cannot be used; what becomes of its rule depends on the action. */
export class BadValue extends Error {
  override name = 'BadValue'
}
