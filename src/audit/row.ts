import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'

/** The three logs of the record, each with a chain of its own. */
export const LOGS = ['intents', 'results', 'actions'] as const
export type LogName = (typeof LOGS)[number]

/** What was about to be signed, and for whom. */
export interface IntentFields {
  readonly serial: Uint8Array
  readonly identity: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly issuedAt: UnixMillis
  readonly attestor: string
  readonly subject: string
  readonly authority: string
  readonly spkiSha256: Uint8Array
  readonly csrSha256: Uint8Array
  readonly peer: string
  readonly bundleSequence: number
}

/** How every intent from `first` to `last` ended: 1 issued, 2 failed. */
export interface ResultFields {
  readonly first: number
  readonly last: number
  readonly outcome: number
}

/** What an administrator, or the service by itself, did. */
export interface ActionFields {
  readonly at: UnixMillis
  readonly actor: string
  readonly action: string
  readonly target: string
  /** The text of a JSON object. */
  readonly detail: string
}

/** A row of one of the logs with its place in it; sequences ascend from 1. */
export type RecordRow =
  | { readonly log: 'intents'; readonly sequence: number; readonly fields: IntentFields }
  | { readonly log: 'results'; readonly sequence: number; readonly fields: ResultFields }
  | { readonly log: 'actions'; readonly sequence: number; readonly fields: ActionFields }

/** A place in a chain: a row and its hash, 64 lower-case hex digits; sequence 0 stands before the first row. */
export interface Link {
  readonly sequence: number
  readonly hash: string
}

/** A part of a chain: the rows behind `from`, up to `to`. */
export interface Span {
  readonly from: Link
  readonly to: Link
}

export type Spans = Readonly<Record<LogName, Span>>
