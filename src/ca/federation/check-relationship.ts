import { parseSpiffeId, problemOfTrustDomain } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import { printable } from '../../kernel/printable.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'
import { parseForeignBundle } from './parse-foreign-bundle.ts'
import type { BundleProfile, Relationship } from './relationship.ts'

/** What an administrator says of a foreign trust domain. */
export interface RelationshipRequest {
  readonly trustDomain: string
  readonly url: string
  readonly profile: BundleProfile
  readonly endpointSpiffeId?: string
  readonly allowPrivateAddress?: boolean
  /** The first bundle, SPIFFE JSON: without it an https_spiffe server of the same trust domain cannot be verified (F-16). */
  readonly bundle?: string
}

/** Everything but who and when. */
type Checked = Omit<Relationship, 'addedAt' | 'addedBy'>

const MAX_URL_LENGTH = 2048

/** Throws `request.malformed` unless all of it fits together; `own` are our trust domain and its aliases. */
export function checkRelationship(request: RelationshipRequest, own: readonly string[]): Checked {
  const { trustDomain, url, profile, bundle, allowPrivateAddress = false } = request
  const problem = problemOfTrustDomain(trustDomain)
  if (problem !== null) throw malformed(`\`trustDomain\`: ${problem}`)
  if (own.includes(trustDomain)) throw malformed(`\`${trustDomain}\` is the trust domain of this service itself`)
  checkUrl(url)
  const endpointSpiffeId = endpointOf(request)
  if (bundle !== undefined) checkBundle(bundle, trustDomain)
  const isSelfServing = endpointSpiffeId?.startsWith(`spiffe://${trustDomain}/`) === true
  if (isSelfServing && bundle === undefined) {
    throw malformed('`bundle` is needed: the first answer of the server is verified by it')
  }
  return { trustDomain, url, profile, endpointSpiffeId, allowPrivateAddress }
}

/** F-4, F-13. */
function checkUrl(text: string): void {
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
  if (url === null || !text.startsWith('https://')) throw malformed('`url` must be an https URL')
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw malformed('`url` must have no user and no fragment')
}

/** Configured and never inferred (F-6, F-7, F-17). */
function endpointOf({ profile, endpointSpiffeId }: RelationshipRequest): string | null {
  if (profile === 'https_web') {
    if (endpointSpiffeId !== undefined) throw malformed('`endpointSpiffeId` is for the profile `https_spiffe` alone')
    return null
  }
  if (endpointSpiffeId === undefined) throw malformed('`endpointSpiffeId` is needed for the profile `https_spiffe`')
  const { uri, path } = parseSpiffeId(endpointSpiffeId, 'request.malformed')
  if (path === '') throw malformed(`\`${printable(uri)}\` is a trust domain, and not the identity of a server`)
  return uri
}

function checkBundle(bundle: string, trustDomain: string): void {
  try {
    parseForeignBundle(Buffer.from(bundle), trustDomain)
  } catch (error) {
    if (error instanceof ForeignBundleError) throw malformed(`\`bundle\`: ${error.message}`)
    throw error
  }
}

function malformed(message: string): AppError {
  return new AppError('request.malformed', message)
}
