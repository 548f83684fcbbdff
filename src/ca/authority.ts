import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { KeyType } from '../pki/key-types.ts'

/** In the order of trust. */
export const AUTHORITY_KINDS = ['root', 'intermediate', 'jwt'] as const
export type AuthorityKind = (typeof AUTHORITY_KINDS)[number]
/** `trusted`: a root in the bundle whose key is elsewhere, and that nothing here descends from. */
export type AuthorityState = 'prepared' | 'active' | 'draining' | 'trusted' | 'retired' | 'tainted' | 'revoked'

/** A root or intermediate: the object that rotation moves from state to state. */
export interface Authority {
  /** Subject key identifier, 40 lower-case hex digits. */
  readonly id: string
  readonly kind: AuthorityKind
  readonly state: AuthorityState
  readonly keyType: KeyType
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** Id of the authority that signed it; its own for a root. */
  readonly issuer: string
  /** PEM of its certificate, ending in a newline; of a JWT signing key its public key. */
  readonly certificate: string
  readonly createdAt: UnixMillis
  /** The sequence that it was first published in; 0: it is not published yet, or never is (intermediates). */
  readonly publishedSequence: number
  /** When it came into its state. */
  readonly changedAt: UnixMillis
  /** PEM certificates between it and its root, nearest first; of a root the one that an older root has given it, if any. */
  readonly chain: readonly string[]
}

export type RotationState = 'distributing' | 'activating' | 'draining' | 'done' | 'aborted'

/** A whole rotation, from the prepared authority to the retirement of the old one. */
export interface Rotation {
  readonly id: string
  readonly kind: AuthorityKind
  /** Id of the authority that was active when it began. */
  readonly from: string
  readonly to: string
  readonly state: RotationState
  readonly reason: string
  readonly actor: string
  readonly startedAt: UnixMillis
  readonly activatedAt: UnixMillis | null
  readonly endedAt: UnixMillis | null
  /** Somebody let it go on without waiting for those that are behind. */
  readonly forced: boolean
}

/** What the store knows of authorities; the sequence grows with every change of the trusted roots. */
export interface StoredAuthorities {
  readonly authorities: readonly Authority[]
  /** Those that run, and those that have ended, newest first. */
  readonly rotations: readonly Rotation[]
  readonly bundleSequence: number
}

export interface AuthorityStore {
  loadAuthorities(): Promise<StoredAuthorities>
  /** Adds, updates or removes these, with the new sequence and an admin record, in one transaction. */
  saveAuthorities(change: AuthorityChange): Promise<void>
}

export interface AuthorityChange {
  readonly authorities: readonly Authority[]
  readonly rotations?: readonly Rotation[]
  readonly bundleSequence: number
  /** Ids of authorities and of rotations that are removed. */
  readonly forgotten?: readonly string[]
  readonly actor: string
  readonly action: string
  readonly reason?: string
  readonly at: UnixMillis
}
