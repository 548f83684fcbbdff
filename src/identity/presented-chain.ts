/** Reads the certificates that a client showed behind its leaf, DER. */
export type ReadChain = () => readonly Buffer[]

const chains = new WeakMap<Buffer, ReadChain>()

/** Keeps how the chain behind `leaf` is read; adapters have one Buffer for the leaf of a connection, by which it is found. */
export function rememberChain(leaf: Buffer, read: ReadChain): void {
  chains.set(leaf, read)
}

/** The certificates that were shown behind `leaf`, nearest first; none where the adapter keeps none. */
export function chainBehind(leaf: Buffer): readonly Buffer[] {
  return chains.get(leaf)?.() ?? []
}
