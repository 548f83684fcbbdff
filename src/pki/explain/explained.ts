import type { UnixSeconds } from '../../kernel/clock.ts'

/** Something unusual: a stable code, how much it matters, and the same in words. */
export interface Finding {
  readonly code: string
  readonly level: 'error' | 'warning'
  readonly text: string
}

/** A certificate or CSR in words; what only a certificate has is null in a CSR. Times are RFC 3339 UTC. */
export interface Explained {
  readonly kind: 'certificate' | 'csr'
  readonly subject: string
  readonly issuer: string | null
  /** Lower-case hex, padded to 32 digits. */
  readonly serial: string | null
  /** The SPIFFE ID, when it has exactly one and that is valid. */
  readonly identity: string | null
  /** As `URI:spiffe://…`, `DNS:…`, `IP:…`. */
  readonly sans: readonly string[]
  readonly notBefore: string | null
  readonly notAfter: string | null
  readonly keyType: string
  readonly keyUsage: readonly string[]
  readonly extendedKeyUsage: readonly string[]
  readonly isCa: boolean
  readonly pathLength: number | null
  readonly signatureAlgorithm: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string
  readonly subjectKeyId: string | null
  readonly authorityKeyId: string | null
  /** Index of the item of this file whose key made the signature; its own for a self-signed one; null: not in the file. */
  readonly signedBy: number | null
  readonly findings: readonly Finding[]
}

/** How the certificates of a file hang together; null when it has none. */
export interface ChainSummary {
  /** Item indexes from the leaf to the last signer that the file has. */
  readonly path: readonly number[]
  readonly order: 'leaf-first' | 'wrong'
  readonly root: 'included' | 'missing'
}

export interface Explanation {
  readonly items: readonly Explained[]
  readonly chain: ChainSummary | null
  /** What else the file holds, and certificates that cannot be read, in words. */
  readonly others: readonly string[]
}

/** What the explainer needs from outside: the time, and what is wrong with a URI as a SPIFFE ID (null: nothing). */
export interface ExplainOptions {
  readonly now: UnixSeconds
  readonly problemOfSpiffeId: (uri: string) => string | null
}
