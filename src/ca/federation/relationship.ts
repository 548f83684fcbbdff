import type { UnixMillis } from '../../kernel/clock.ts'

/** How the server of a bundle proves itself: by the public CAs, or by an SVID (SPIFFE Federation §5.2). */
export const BUNDLE_PROFILES = ['https_web', 'https_spiffe'] as const
export type BundleProfile = (typeof BUNDLE_PROFILES)[number]

/** Whose bundle is fetched, from where and by which profile: an administrator says all of it (F-6). */
export interface Relationship {
  readonly trustDomain: string
  readonly url: string
  readonly profile: BundleProfile
  /** SPIFFE ID of the server; null with https_web. */
  readonly endpointSpiffeId: string | null
  /** Whether the server may be at a loopback, private or link-local address. */
  readonly allowPrivateAddress: boolean
  readonly addedAt: UnixMillis
  readonly addedBy: string
}

/** A bundle as it was fetched; `fetchedAt` is when its server gave it last, whether it was new or not. */
interface StoredBundle {
  readonly document: string
  readonly fetchedAt: UnixMillis
}

export interface StoredRelationship extends Relationship {
  /** The last good one. */
  readonly bundle: StoredBundle | null
}

/** A newer bundle of one relationship, which `addedAt` tells from a later one with the same trust domain. */
export interface ForeignBundleChange extends StoredBundle {
  readonly trustDomain: string
  readonly addedAt: UnixMillis
}

export interface RelationshipRemoval {
  readonly trustDomain: string
  readonly actor: string
  readonly at: UnixMillis
}

export interface FederationStore {
  loadFederation(): Promise<readonly StoredRelationship[]>
  /** With its admin record; `resource.conflict` for a trust domain that is there, `limit.size` when there is no room. */
  addRelationship(relationship: StoredRelationship): Promise<void>
  /** False when the relationship is gone. */
  saveForeignBundle(change: ForeignBundleChange): Promise<boolean>
  /** Its bundle goes with it (F-23); with its admin record. False when there is none. */
  removeRelationship(removal: RelationshipRemoval): Promise<boolean>
}
