import type { ForeignFreshness } from '../../ca/federation/foreign-trust-bundle.ts'
import { problemOfTrustDomain } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import type { HttpDeps } from './deps.ts'

/** The bundle of exactly one trust domain; those of several are never put together (F-20). */
export interface ServedBundle {
  readonly etag: string
  readonly spiffe: string
  readonly pem: string
  /** Whether a client that has the bundle of sequence `after` lacks this one. */
  isNewTo(after: bigint): boolean
  /** How far a foreign one can be relied on; null for ours. */
  readonly freshness: ForeignFreshness | null
}

/** Finds the bundle as it is now; null while there is none. */
export type FindBundle = () => ServedBundle | null

type Bundles = Pick<HttpDeps, 'trustDomain' | 'bundle' | 'federation'>

/** Which bundle a client asks for: ours, unless it names another trust domain. `request.malformed` where that is no name. */
export function toFindBundle({ trustDomain: own, bundle, federation }: Bundles, wanted = own): FindBundle {
  if (wanted === own) return () => toOurs(bundle.current())
  const problem = problemOfTrustDomain(wanted)
  if (problem !== null) throw new AppError('request.malformed', `\`trustDomain\`: ${problem}`)
  return () => toForeign(federation.bundleOf(wanted))
}

/** `resource.not_found`, which does not say whether we know the trust domain: anyone may ask. */
export function requireBundle(find: FindBundle): ServedBundle {
  const found = find()
  if (found !== null) return found
  throw new AppError(
    'resource.not_found',
    'there is no bundle of this trust domain here: an administrator can look with `alcazar bundle federate list`, and federate with it by `alcazar bundle federate add`',
  )
}

function toOurs(bundle: ReturnType<HttpDeps['bundle']['current']>): ServedBundle {
  const { etag, spiffe, pem, sequence } = bundle
  return { etag, spiffe, pem, isNewTo: (after) => BigInt(sequence) > after, freshness: null }
}

/** A foreign sequence may begin anew when the federation does, so that another one is news, and not only a higher one. */
function toForeign(bundle: ReturnType<HttpDeps['federation']['bundleOf']>): ServedBundle | null {
  if (bundle === null) return null
  const { etag, spiffe, pem, sequence, fetchedAt, freshUntil } = bundle
  return { etag, spiffe, pem, isNewTo: (after) => sequence !== after, freshness: { fetchedAt, freshUntil } }
}
