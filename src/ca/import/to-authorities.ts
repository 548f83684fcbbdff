import { X509Certificate } from 'node:crypto'
import { error } from '../../pki/explain/findings.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { Authority, AuthorityState } from '../authority.ts'
import { type ImportedChange, type TrustedOptions, toTrusted } from './to-trusted.ts'
import type { ImportedAuthority } from './verdict.ts'

const GONE: ReadonlySet<AuthorityState> = new Set(['retired', 'revoked', 'tainted'])

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
  const authorities: readonly Authority[] = [
    { ...root, ...fresh, kind: 'root', issuer: root.id },
    { ...fresh, id, keyType, notBefore, notAfter, certificate, chain, kind: 'intermediate', issuer: root.id },
  ]
  const pairs = authorities.map((next) => ({ next, before: known.find((one) => one.id === next.id) }))
  return {
    findings: [
      ...pairs.flatMap(({ next, before }) => (before === undefined ? [] : findInKnown(next, before))),
      ...others.findings,
    ],
    authorities: [
      ...pairs
        .filter(({ next, before }) => before === undefined || before.state === 'trusted' || !isSame(next, before))
        .map(({ next, before }) => (before === undefined ? next : renewed(next, before))),
      ...others.authorities,
    ],
  }
}

function findInKnown({ id, kind }: Authority, before: Authority): readonly FileFinding[] {
  const file = `the ${kind}`
  if (before.kind !== kind) {
    return [{ file, ...error('key.other_kind', `its key is that of the ${before.kind} \`${id}\`: make a new one`) }]
  }
  if (!GONE.has(before.state)) return []
  return [{ file, ...error('key.given_up', `its key is that of \`${id}\`, which is ${before.state}: make a new one`) }]
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
