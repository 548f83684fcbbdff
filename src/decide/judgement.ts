import type { Attributes } from '../policy/attributes.ts'
import type { Decision } from '../policy/decision.ts'
import type { Mutations } from './decide.ts'

type HeaderFields = readonly (readonly [name: string, value: string])[]

/** What a provider that granted a request changes in it: fields go, then others replace those of the same name. */
export interface Granted {
  readonly remove: readonly string[]
  readonly set: HeaderFields
}

/** What a client is told beside the status when it is refused. */
export interface RefusalResponse {
  readonly headers: HeaderFields
  readonly body: string
}

/** A decision with what it was taken on. */
export interface Judgement {
  readonly decision: Decision
  /** What the last phase that ran looked at; null where the connection or the request was not even acceptable. */
  readonly attributes: Attributes | null
  /** Null when nothing is to change. */
  readonly mutations: Mutations | null
  /** Only where the phase that refused says more than Envoy's own text. */
  readonly response?: RefusalResponse
}
