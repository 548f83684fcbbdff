import type { Workload } from '../mesh/workload.ts'
import type { Decision } from '../policy/decision.ts'
import type { Question } from '../policy/request.ts'
import type { RefusalResponse } from './judgement.ts'

/** What the headers and path become after the policies (RequestAuthentication strips tokens and sets claim headers). */
export interface Mutations {
  /** Lower-case names, to be removed before `set`. */
  readonly remove: readonly string[]
  readonly set: readonly (readonly [name: string, value: string])[]
  /** Names of query parameters to remove. */
  readonly removeParams: readonly string[]
  /** Path with query as the workload shall see it; null when it stays as it came. */
  readonly path: string | null
}

/** How the caller says which workload it asks about. */
export type WorkloadReference =
  /** Its own mTLS identity. */
  | { readonly by: 'identity'; readonly identity: string; readonly address: string | null }
  /** `ns/name` of a WorkloadEntry. */
  | { readonly by: 'name'; readonly namespace: string; readonly name: string }
  | { readonly by: 'address'; readonly address: string }
  /** Given whole, with the question. */
  | { readonly by: 'inline'; readonly workload: Workload }

/** A decision with the set of resources it was taken by. */
export interface Decided {
  readonly decision: Decision
  /** Version of the stored resources; 0 in a what-if. */
  readonly version: number
  /** Null when nothing is to change. */
  readonly mutations: Mutations | null
  /** Only where the phase that refused says more than Envoy's own text. */
  readonly response?: RefusalResponse
}

/**
 * Decides one request by the stored resources. Synchronous when nothing has to be asked or verified anew. Throws, or
 * rejects with, `decision.workload_ambiguous`, `resource.not_found` and `decision.not_ready`; a refusal is a value.
 */
export type Decide = (workload: WorkloadReference, question: Question) => Decided | Promise<Decided>
