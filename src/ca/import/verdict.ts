import type { UnixSeconds } from '../../kernel/clock.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { SubjectNames } from '../../pki/profile.ts'

/** A root that came with an authority: its key is not ours. */
export interface ImportedRoot {
  readonly id: string
  readonly keyType: KeyType
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly certificate: string
  /** PEM of the certificate that an older root has given it, if any. */
  readonly chain: readonly string[]
}

/** Somebody else's intermediate that is fit to sign here; certificates are PEM, each ending in a newline. */
export interface ImportedAuthority {
  readonly id: string
  readonly keyType: KeyType
  /** The time in which all of its path is valid. */
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly certificate: string
  /** Between it and its root, nearest first. */
  readonly chain: readonly string[]
  /** The one that it descends from. */
  readonly root: ImportedRoot
  /** Those that came along and are to be believed beside it. */
  readonly otherRoots: readonly ImportedRoot[]
  /** DER of its PKCS#8; null: the key provider has it, as the CSR came from here. */
  readonly key: Buffer | null
}

/** What is to be thought of what was given: an authority where no finding is an error, else null. */
export interface ImportVerdict {
  readonly imported: ImportedAuthority | null
  readonly findings: readonly FileFinding[]
}

export interface ImportOptions {
  readonly now: UnixSeconds
  readonly trustDomain: string
  readonly defaultTtlSeconds: number
  /** Those of the service's own certificate, which the authority will sign as well. */
  readonly ownNames: Required<SubjectNames>
  /** PEM; what it must descend from where it brings no roots. */
  readonly trustedRoots: readonly string[]
}
