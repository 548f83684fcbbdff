/** The trust bundle as published; a new object for each sequence number. */
export interface TrustBundle {
  readonly sequence: number
  /** PEM of each trusted root. */
  readonly roots: readonly string[]
  /** All roots concatenated. */
  readonly pem: string
  /** SPIFFE bundle, RFC 7517 JWK set with `spiffe_sequence` and `spiffe_refresh_hint` (checklist B, X-23…X-27), as JSON text. */
  readonly spiffe: string
  /** Strong ETag, quoted; changes with every change of content. */
  readonly etag: string
}

/** Where the current bundle is read. */
export interface BundleSource {
  current(): TrustBundle
}
