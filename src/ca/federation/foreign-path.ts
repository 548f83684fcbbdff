import type { UnixSeconds } from '../../kernel/clock.ts'
import type { CaCertificate } from '../../pki/ca-certificate.ts'
import type { CertificateFacts } from '../../pki/explain/facts.ts'
import { checkSignature, toSignatureKind } from '../../pki/explain/keys.ts'

/** From what signed a leaf up to a root, both included. */
export type ForeignPath = readonly CaCertificate[]

export interface PathParts {
  readonly trustDomain: string
  readonly roots: readonly CaCertificate[]
  /** Certificates that anybody may have sent. */
  readonly intermediates: readonly CaCertificate[]
  readonly now: UnixSeconds
}

const MAX_DEPTH = 5
/** Signatures that one leaf may cost: who sends the intermediates is not known yet. */
const MAX_SIGNATURES = 16

/** Critical extensions that are looked at here; name constraints and policies are not, so that who has them is refused. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.35',
  '2.5.29.37',
])
const NAME_CONSTRAINTS = '2.5.29.30'
const USABLE_PURPOSES: readonly string[] = ['clientAuth', 'anyExtendedKeyUsage']

/** A path of `leaf` that holds now (RFC 5280 §6.1, X-21), up to one of the roots; null when there is none. */
export function findForeignPath(leaf: CertificateFacts, parts: PathParts): ForeignPath | null {
  const budget = { signatures: MAX_SIGNATURES }
  const climb = (child: CertificateFacts, below: number): ForeignPath | null => {
    const isIssuer = (issuer: CaCertificate): boolean => isNamed(child, issuer) && mayStandAt(issuer, below, parts)
    const root = parts.roots.find((one) => isIssuer(one) && signed(child, one, budget))
    if (root !== undefined) return [root]
    if (below === MAX_DEPTH) return null
    for (const next of parts.intermediates) {
      if (!isIssuer(next) || !signed(child, next, budget)) continue
      const rest = climb(next.facts, below + 1)
      if (rest !== null) return [next, ...rest]
    }
    return null
  }
  return climb(leaf, 0)
}

/** `below`: authorities between this one and the leaf. */
function mayStandAt({ facts, extensions }: CaCertificate, below: number, { trustDomain, now }: PathParts): boolean {
  const { basicConstraints, keyUsage, extendedKeyUsage, problems } = facts.extensions
  const pathLength = basicConstraints?.value.pathLength ?? null
  const purposes = extendedKeyUsage?.value
  return (
    facts.isCa &&
    facts.version === 3 &&
    problems.length === 0 &&
    keyUsage?.value.includes('keyCertSign') === true &&
    (pathLength === null || pathLength >= below) &&
    (purposes === undefined || purposes.some((purpose) => USABLE_PURPOSES.includes(purpose))) &&
    extensions.every(({ oid, critical }) => oid !== NAME_CONSTRAINTS && (!critical || UNDERSTOOD.has(oid))) &&
    facts.uris.every((uri) => uri === `spiffe://${trustDomain}`) &&
    facts.key.weakness === null &&
    facts.notBefore <= now &&
    now <= facts.notAfter
  )
}

function isNamed(child: CertificateFacts, { facts }: CaCertificate): boolean {
  const { authorityKeyId } = child.extensions
  const { subjectKeyId } = facts.extensions
  const isSameKey = authorityKeyId === null || subjectKeyId === null || authorityKeyId === subjectKeyId
  return isSameKey && child.issuerDer.equals(facts.subjectDer)
}

function signed(child: CertificateFacts, { facts }: CaCertificate, budget: { signatures: number }): boolean {
  if (budget.signatures === 0 || toSignatureKind(child.signatureOid)?.isWeak !== false) return false
  budget.signatures--
  return checkSignature(child, facts.publicKey) === 'valid'
}
