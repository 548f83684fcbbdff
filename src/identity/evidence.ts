import type { UnixSeconds } from '../kernel/clock.ts'
import type { SpiffeId } from './spiffe-id.ts'

/** What a caller presented; identity comes from this and never from the CSR. */
export interface Evidence {
  /** The token of `Authorization: Bearer`, without the scheme: a JWT, or a join token (`alcz_…`). */
  readonly bearer?: string
  /** A join token given in a request body. */
  readonly joinToken?: string
  /** DER of the TLS client certificate (leaf). */
  readonly clientCertificate?: Buffer
  /** The identity of `ImpersonatedIdentity`, as the caller wrote it. */
  readonly impersonate?: string
  /** Set by the admin socket alone: the local administrator. */
  readonly localAdmin?: true
}

export type Attestor = 'jwt' | 'client-certificate' | 'join-token' | 'admin'

/** Something that may be used a counted number of times; it is counted in the transaction of the intent row. */
export type Spend =
  | { readonly kind: 'join-token'; readonly id: string }
  | { readonly kind: 'jwt'; readonly hash: Buffer; readonly expiresAt: UnixSeconds }

/** Who asks, after attestation. */
export interface AttestedCaller {
  readonly identity: SpiffeId
  readonly attestor: Attestor
  /** What the attestor saw: the JWT's `iss sub`, the certificate's serial, the join token's id. */
  readonly subject: string
  readonly spend?: Spend
  /** Who really asks, where `identity` is the one that it acts for. */
  readonly impersonatedBy?: SpiffeId
}

export type Role = 'viewer' | 'operator' | 'admin'
