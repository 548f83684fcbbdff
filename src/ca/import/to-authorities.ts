import { X509Certificate } from 'node:crypto'
import type { Authority } from '../authority.ts'
import { checkKnown, type KnownPair } from './check-known.ts'
import { type ImportedChange, type TrustedOptions, toTrusted } from './to-trusted.ts'
import type { ImportedAuthority } from './verdict.ts'

/**
 * The root and the intermediate of an import as authorities of ours, without those that are known as they are. One that
 * is known by its key and has a new certificate keeps its state; the key of one that was given up never comes back.
 */
export function toAuthorities(
  imported: ImportedAuthority,
  known: readonly Authority[],
  options: TrustedOptions,
): ImportedChange {
  const { root, ...signer } = imported
  const { now } = options
  const others = toTrusted(imported, known, options)
  const fresh = { state: 'prepared', createdAt: now, changedAt: now, publishedSequence: 0 } as const
  const { id, keyType, notBefore, notAfter, certificate, chain } = signer
  const below = { id, keyType, notBefore, notAfter, certificate, chain, kind: 'intermediate', issuer: root.id } as const
  const pairOf = (next: Authority): KnownPair => ({ next, before: known.find((one) => one.id === next.id) })
  const own = pairOf({ ...root, ...fresh, kind: 'root', issuer: root.id })
  const signing = pairOf({ ...fresh, ...below })
  return {
    findings: [...checkKnown(own, signing), ...others.findings],
    authorities: [
      ...[own, signing]
        .filter(({ next, before }) => before === undefined || before.state === 'trusted' || !isSame(next, before))
        .map(({ next, before }) => (before === undefined ? next : renewed(next, before))),
      ...others.authorities,
    ],
  }
}

function isSame(next: Authority, before: Authority): boolean {
  return next.issuer === before.issuer && fingerprints(next) === fingerprints(before)
}

/** Of its certificate and those above it, however their PEM is written; what a root has there comes and goes by itself. */
function fingerprints({ kind, certificate, chain }: Authority): string {
  return [certificate, ...(kind === 'root' ? [] : chain)].map((pem) => new X509Certificate(pem).fingerprint256).join()
}

function renewed(next: Authority, before: Authority): Authority {
  const { createdAt, publishedSequence } = before
  if (before.state === 'trusted') return { ...next, createdAt, publishedSequence } // it begins to sign, and is known already
  const chain = next.kind === 'root' && before.chain.length > 0 ? before.chain : next.chain
  return { ...next, chain, state: before.state, createdAt, publishedSequence, changedAt: before.changedAt }
}
