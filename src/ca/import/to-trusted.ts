import type { UnixMillis } from '../../kernel/clock.ts'
import { error, warning } from '../../pki/explain/findings.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { Authority } from '../authority.ts'
import type { ImportedAuthority, ImportedRoot } from './verdict.ts'

/** What an import changes; nothing where all of it is known already. */
export interface ImportedChange {
  readonly authorities: readonly Authority[]
  readonly findings: readonly FileFinding[]
}

export interface TrustedOptions {
  readonly now: UnixMillis
  /** A trusted root that did not come along leaves. */
  readonly isWhole: boolean
}

/** A bundle is read with every handshake. */
const MAX_TRUSTED = 16

/**
 * The roots that came along as authorities that never sign: in the bundle, and out of it again when an import that tells
 * of all leaves them out. One that signs or has signed here has its own life, and what was revoked never comes back.
 */
export function toTrusted(
  { root, otherRoots }: ImportedAuthority,
  known: readonly Authority[],
  { now, isWhole }: TrustedOptions,
): ImportedChange {
  const pairs = otherRoots.map((one) => ({ one, before: known.find(({ id }) => id === one.id) }))
  const come = pairs.filter(({ one, before }) => before === undefined || mayCome(one, before, known))
  const listed = new Set(otherRoots.map(({ id }) => id))
  const trusted = known.filter(({ id, state }) => state === 'trusted' && id !== root.id)
  const leave = isWhole ? trusted.filter(({ id }) => !listed.has(id)) : []
  const after = new Set([...trusted, ...come.map(({ one }) => one)].map(({ id }) => id))
  return {
    authorities: [
      ...come.map(({ one, before }) => toAuthority(one, before, now)),
      ...leave.map((one) => ({ ...one, state: 'retired' as const, changedAt: now })),
    ],
    findings: [
      ...pairs.flatMap(({ one, before }) => (before === undefined ? [] : findInKnown(one, before, known))),
      ...(after.size - leave.length > MAX_TRUSTED ? [tooMany(after.size - leave.length)] : []),
    ],
  }
}

/** Not known as it is, or gone without ever having signed. */
function mayCome({ certificate }: ImportedRoot, before: Authority, known: readonly Authority[]): boolean {
  if (before.state === 'trusted') return before.certificate !== certificate
  return before.state === 'retired' && !hasSigned(before, known)
}

function hasSigned({ id, kind }: Authority, known: readonly Authority[]): boolean {
  return kind !== 'root' || known.some(({ id: other, issuer }) => issuer === id && other !== id)
}

function toAuthority(one: ImportedRoot, before: Authority | undefined, now: UnixMillis): Authority {
  const { createdAt, publishedSequence } = before ?? { createdAt: now, publishedSequence: 0 }
  const times = { createdAt, publishedSequence, changedAt: now }
  return { ...one, ...times, kind: 'root', state: 'trusted', issuer: one.id }
}

function findInKnown({ id }: ImportedRoot, before: Authority, known: readonly Authority[]): readonly FileFinding[] {
  const isGone = before.state === 'revoked' || (before.state === 'retired' && hasSigned(before, known))
  if (!isGone) return []
  const text = `\`${id}\` is ${before.state} here: it is not published again, so take it out of the file`
  return [{ file: 'the roots', ...warning('roots.given_up', text) }]
}

function tooMany(count: number): FileFinding {
  const text = `${count} roots would be trusted beside those that sign here, and ${MAX_TRUSTED} may be: \`authority retire\` some`
  return { file: 'the roots', ...error('roots.too_many', text) }
}
