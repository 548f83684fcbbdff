import { readAuthorityCertificate } from '../../pki/build-certificate.ts'
import { error } from '../../pki/explain/findings.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { Authority, AuthorityState } from '../authority.ts'

/** An authority as it was imported, and the one of its key that is known here, if any. */
export interface KnownPair {
  readonly next: Authority
  readonly before: Authority | undefined
}

const GONE: ReadonlySet<AuthorityState> = new Set(['retired', 'revoked', 'tainted'])

/** Errors alone: what the authorities that are known here do not allow, lest it take effect at once or can never sign. */
export function checkKnown(root: KnownPair, signer: KnownPair): readonly FileFinding[] {
  return [...findInKnown(root), ...findInKnown(signer), ...findInPlace(root, signer)]
}

function findInKnown({ next: { id, kind, ...next }, before }: KnownPair): readonly FileFinding[] {
  if (before === undefined) return []
  const refuse = (code: string, text: string) => [{ file: `the ${kind}`, ...error(code, text) }]
  if (before.kind !== kind) {
    return refuse('key.other_kind', `its key is that of the ${before.kind} \`${id}\`: make a new one`)
  }
  if (GONE.has(before.state)) {
    return refuse('key.given_up', `its key is that of \`${id}\`, which is ${before.state}: make a new one`)
  }
  if (hasDescendants(before) && !isNamedAlike(next, before)) {
    const text = `its key is that of \`${id}\`, which has another name or key identifier that those below it refer to: make a new one`
    return refuse('key.renamed', text)
  }
  return []
}

/** An intermediate that signs or has signed stays below its root; a new one needs a root that can sign with it. */
function findInPlace(root: KnownPair, { next, before }: KnownPair): readonly FileFinding[] {
  const refuse = (code: string, text: string) => [{ file: `the ${next.kind}`, ...error(code, text) }]
  if (before?.kind === next.kind && hasDescendants(before) && before.issuer !== next.issuer) {
    const text = `its key is that of \`${next.id}\`, which is ${before.state} below the root \`${before.issuer}\`, and what it signs would need \`${next.issuer}\` at once: make a new one, which waits until that root has spread`
    return refuse('key.other_root', text)
  }
  if (before === undefined && root.before?.state === 'draining') {
    const text = `its root \`${next.issuer}\` drains, so that nothing new signs below it: hand back to it first with \`alcazar authority abort\` of the root that is active`
    return refuse('root.not_signing', text)
  }
  return []
}

function hasDescendants({ state }: Authority): boolean {
  return state === 'active' || state === 'draining'
}

/** What RFC 5280 §6.1.3 a and §4.2.1.1 chain certificates by. */
function isNamedAlike(next: Pick<Authority, 'certificate'>, before: Authority): boolean {
  const [a, b] = [readAuthorityCertificate(next.certificate), readAuthorityCertificate(before.certificate)]
  return a.name.equals(b.name) && a.keyId === b.keyId
}
