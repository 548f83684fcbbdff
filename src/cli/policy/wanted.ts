import { type Static, Type } from 'typebox'

const Upstream = Type.Object({
  method: Type.String(),
  path: Type.String(),
  host: Type.String(),
  headers: Type.Record(Type.String(), Type.Array(Type.String())),
})

/** What Envoy answered, as a row of the conformance corpus records it; its other fields are for people. */
export const RecordedOutcome = Type.Object({
  decision: Type.Enum(['allow', 'deny', 'reject']),
  status: Type.Optional(Type.Integer()),
  cause: Type.String(),
  policy: Type.Optional(Type.String()),
  dryRun: Type.Optional(Type.Record(Type.String(), Type.String())),
  audit: Type.Optional(Type.Boolean()),
  upstream: Type.Optional(Upstream),
})

export type RecordedOutcome = Static<typeof RecordedOutcome>

/** The outcome without what is recorded for people. */
export function toRecorded(outcome: RecordedOutcome): RecordedOutcome {
  const { decision, cause } = outcome
  const compared = Object.entries(outcome).filter(([name]) => Object.hasOwn(RecordedOutcome.properties, name))
  return { ...Object.fromEntries(compared), decision, cause }
}

/** What people write: the decision or the HTTP status, and perhaps the policy that decides. */
export interface Expectation {
  readonly expect: 'allow' | 'deny' | number
  /** `ns/name`, `name`, or a rule's whole name. */
  readonly policy?: string
}

/** What a test wants of one decision. */
export type Wanted = RecordedOutcome | Expectation
