import { X509Certificate } from 'node:crypto'
import type { Authority } from './authority.ts'
import { isTrusted } from './build-bundle.ts'

/** A cross-certificate, and the older root that signed it. */
interface Crossing {
  /** PEM of the certificate of the newer root. */
  readonly certificate: string
  readonly by: Authority
}

/** So many roots back; holders of older bundles are waited for. */
const MAX_CROSSINGS = 3

/**
 * The way from a root to those before it that are still trusted, nearest first: what goes out behind the intermediates, so
 * that who knows only one of them finds a path (RFC 5280 §6.1). Empty for a root that was not cross-signed.
 */
export function crossChain(authorities: readonly Authority[], root: Authority): readonly Crossing[] {
  const chain: Crossing[] = []
  for (let from = root; chain.length < MAX_CROSSINGS; ) {
    const crossing = crossingOf(authorities, from)
    if (crossing === undefined) break
    chain.push(crossing)
    from = crossing.by
  }
  return chain
}

/** What goes out with the leaves of an intermediate: itself, what is above it, and the way to older roots; no root. */
export function issuerChainOf(authorities: readonly Authority[], intermediate: Authority): readonly string[] {
  const root = authorities.find(({ id }) => id === intermediate.issuer)
  const crossings = root === undefined ? [] : crossChain(authorities, root)
  return [intermediate.certificate, ...intermediate.chain, ...crossings.map(({ certificate }) => certificate)]
}

/** The oldest bundle that holds a root by which what descends from this one is verified. */
export function verifiableFrom(authorities: readonly Authority[], root: Authority): number {
  const older = crossChain(authorities, root).map(({ by }) => by.publishedSequence)
  return Math.min(root.publishedSequence, ...older)
}

/** Whether the older root has cross-signed this one; names and key identifiers tell: the signature was verified when it was made. */
export function isCrossedBy({ kind, id, chain }: Authority, by: Authority): boolean {
  const [certificate] = chain
  if (kind !== 'root' || certificate === undefined || by.kind !== 'root' || by.id === id) return false
  return new X509Certificate(certificate).checkIssued(new X509Certificate(by.certificate))
}

function crossingOf(authorities: readonly Authority[], root: Authority): Crossing | undefined {
  const [certificate] = root.chain
  const by = authorities.find((one) => isTrusted(one) && isCrossedBy(root, one))
  return certificate === undefined || by === undefined ? undefined : { certificate, by }
}
