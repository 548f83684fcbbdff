import type { UnixMillis } from '../../kernel/clock.ts'
import { shortDigest } from '../../kernel/short-digest.ts'
import { toX509Jwk } from '../build-bundle.ts'
import { toJwtBundleKeys } from '../jwt/published-keys.ts'
import type { ForeignBundle } from './parse-foreign-bundle.ts'

/**
 * The bundle of one foreign trust domain as it is handed on to workloads, always under its name (F-21). It is written
 * anew from what was understood: what was passed over here would make stricter readers refuse the whole of it.
 */
export interface ForeignTrustBundle {
  /** As its trust domain counts; null where that does not. */
  readonly sequence: bigint | null
  /** All roots concatenated. */
  readonly pem: string
  /** SPIFFE bundle, as JSON text. */
  readonly spiffe: string
  /** Strong ETag, quoted; changes with every change of content. */
  readonly etag: string
}

/** How far a foreign bundle can be relied on. */
export interface ForeignFreshness {
  /** When its server confirmed it last. */
  readonly fetchedAt: UnixMillis
  /** From then on it is stale: it still is the last good one, and its server has missed two turns. */
  readonly freshUntil: UnixMillis
}

/** `refreshHintSeconds`: how often it is fetched here, so that nobody has to ask more often for it (B-7). */
export function buildForeignTrustBundle(bundle: ForeignBundle, refreshHintSeconds: number): ForeignTrustBundle {
  const { sequence, roots } = bundle
  const pems = roots.map(({ pem }) => pem)
  const keys = JSON.stringify([...pems.map(toX509Jwk), ...toJwtBundleKeys(bundle.keys)])
  const counted = sequence === null ? '' : `"spiffe_sequence":${sequence},` // its digits: a JSON number may be wider (B-5)
  const spiffe = `{"keys":${keys},${counted}"spiffe_refresh_hint":${refreshHintSeconds}}`
  return { sequence, pem: pems.join(''), spiffe, etag: `"${shortDigest(spiffe)}"` }
}
