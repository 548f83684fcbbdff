import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { KeyType } from '../pki/key-types.ts'

export type AuthorityKind = 'root' | 'intermediate' | 'jwt'
export type AuthorityState = 'prepared' | 'active' | 'draining' | 'retired' | 'tainted' | 'revoked'

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
  /** PEM of its certificate, ending in a newline. */
  readonly certificate: string
  readonly createdAt: UnixMillis
}

/** What the store knows of authorities; the sequence grows with every change of the trusted roots. */
export interface StoredAuthorities {
  readonly authorities: readonly Authority[]
  readonly bundleSequence: number
}

export interface AuthorityStore {
  loadAuthorities(): Promise<StoredAuthorities>
  /** Adds or updates these, with the new sequence and an admin record, in one transaction. */
  saveAuthorities(change: AuthorityChange): Promise<void>
}

export interface AuthorityChange {
  readonly authorities: readonly Authority[]
  readonly bundleSequence: number
  readonly actor: string
  readonly action: string
  readonly at: UnixMillis
}
