/** The service's own serving certificate; listeners take it at start and again on each change. */
export interface ServingTls {
  /** PEM of the chain (leaf, intermediates) and of the private key. */
  current(): { readonly cert: string; readonly key: string }
  /** Calls `listener` after each renewal, until the returned function is called. */
  onChange(listener: () => void): () => void
}
