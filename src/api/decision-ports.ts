import type { Decide } from '../decide/decide.ts'
import type { Owns } from './asked-workload.ts'

/** What the listeners that proxies ask need of the rest of the service. */
export interface DecisionPorts {
  readonly decide: Decide
  /** Whether the stored resources are loaded; until then every request is refused. */
  readonly ready: () => boolean
  readonly owns: Owns
  /** The SPIFFE ID that a client certificate (DER, the same Buffer for each request of a connection) proves; throws `auth.*`. */
  readonly identify: (certificate: Buffer) => string
  /** Whether a refused client is told the reason in `x-alcazar-reason`. */
  readonly reasonHeader: () => boolean
  /** Told of each question that got no decision, with what was thrown. */
  readonly onUndecided: (thrown: unknown) => void
}
