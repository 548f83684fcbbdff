import type { UnixMillis } from '../../kernel/clock.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'
import { buildForeignTrustBundle, type ForeignFreshness, type ForeignTrustBundle } from './foreign-trust-bundle.ts'
import { type ForeignBundle, parseForeignBundle } from './parse-foreign-bundle.ts'
import type { Relationship } from './relationship.ts'

/** A foreign trust domain in memory: its relationship, the last good bundle, and how the last attempt went. */
export interface Member {
  readonly relationship: Relationship
  readonly held: HeldBundle | null
  /** Why the last attempt failed; null when it did not. */
  readonly failure: string | null
  readonly nextFetchAt: UnixMillis
}

export interface HeldBundle extends ForeignBundle {
  readonly fetchedAt: UnixMillis
  readonly published: ForeignTrustBundle
}

/** `fetchedAt` is when its server gave it. */
export interface FetchedDocument {
  readonly document: Uint8Array
  readonly fetchedAt: UnixMillis
}

/** What is shown of a member. */
export interface FederationStatus extends Relationship {
  /** `pending`: nothing was fetched yet; `failing`: the last attempt failed, the last good bundle counts. */
  readonly state: 'ok' | 'failing' | 'pending'
  readonly error: string | null
  /** Digits, as it may be wider than a number of JSON; null where the bundle has none. */
  readonly sequence: string | null
  readonly roots: number
  /** When the bundle was confirmed last; null: there is none. */
  readonly fetchedAt: UnixMillis | null
  /** Confirmed neither then nor later, it is stale; null: there is none. */
  readonly freshUntil: UnixMillis | null
  readonly nextFetchAt: UnixMillis
}

const DEFAULT_POLL_SECONDS = 300 // F-18
const MIN_POLL_SECONDS = 60
const MAX_POLL_SECONDS = 3600
const TURNS_UNTIL_STALE = 2 // one that is missed is nothing yet

/** Milliseconds until the next attempt, by the hint of the bundle that is held; after a failure too (F-18, F-19). */
export function pollAfter(held: ForeignBundle | null): number {
  const seconds = held?.refreshHintSeconds ?? DEFAULT_POLL_SECONDS
  return Math.min(MAX_POLL_SECONDS, Math.max(MIN_POLL_SECONDS, seconds)) * 1000
}

/** How far it can be relied on. */
export function freshnessOf(held: HeldBundle): ForeignFreshness {
  const { fetchedAt } = held
  return { fetchedAt, freshUntil: fetchedAt + TURNS_UNTIL_STALE * pollAfter(held) }
}

/** What is held of a document that is fetched, given or stored; throws `ForeignBundleError`. */
export function toHeld({ document, fetchedAt }: FetchedDocument, trustDomain: string): HeldBundle {
  const bundle = parseForeignBundle(document, trustDomain)
  return { ...bundle, fetchedAt, published: buildForeignTrustBundle(bundle, pollAfter(bundle) / 1000) }
}

/** Reads what was fetched; throws `ForeignBundleError`, also where its sequence is lower than that of what is held (F-22). */
export function nextHeld(member: Member, fetched: FetchedDocument): HeldBundle {
  const bundle = toHeld(fetched, member.relationship.trustDomain)
  const before = member.held?.sequence ?? null
  if (before !== null && bundle.sequence !== null && bundle.sequence < before) {
    throw new ForeignBundleError(`its sequence is ${bundle.sequence}, and ${before} was fetched before`)
  }
  return bundle
}

/** Whether others are trusted by `next` than by `held`. */
export function changesRoots(held: HeldBundle | null, next: HeldBundle | null): boolean {
  const printsOf = (bundle: HeldBundle | null) => bundle?.roots.map(({ facts }) => facts.sha256).toSorted()
  return held !== next && printsOf(held)?.join() !== printsOf(next)?.join()
}

/** What is shown of it. */
export function toStatus({ relationship, held, failure, nextFetchAt }: Member): FederationStatus {
  return {
    ...relationship,
    state: failure !== null ? 'failing' : held === null ? 'pending' : 'ok',
    error: failure,
    sequence: held?.sequence?.toString() ?? null,
    roots: held?.roots.length ?? 0,
    fetchedAt: held?.fetchedAt ?? null,
    freshUntil: held === null ? null : freshnessOf(held).freshUntil,
    nextFetchAt,
  }
}
