import type { UnixMillis } from '../../kernel/clock.ts'
import { keyId, readAuthorityCertificate } from '../../pki/build-certificate.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'

/** An authority that has to have a CRL: who reads CRLs accepts nothing below one that has none. */
export interface CrlIssuer {
  readonly id: string
  readonly kind: AuthorityKind
  /** PEM of its certificate. */
  readonly certificate: string
  /** Null for one between an imported intermediate and its root: it is not ours, and only its CRL is our business. */
  readonly authority: Authority | null
}

/** Those that sign certificates, and are believed or may be before long; then what stands between them and their roots. */
export function crlIssuers(authorities: readonly Authority[], now: UnixMillis): readonly CrlIssuer[] {
  const byId = new Map(authorities.map((authority) => [authority.id, authority]))
  const own = authorities.filter((authority) => {
    const issuer = byId.get(authority.issuer)
    const isBelieved = isTrusted(authority) && (issuer === undefined || isTrusted(issuer))
    const isSigner = authority.kind !== 'jwt' && authority.state !== 'trusted' // its own CRLs come from elsewhere
    return isSigner && isBelieved && now / 1000 < authority.notAfter
  })
  const between = own.filter(({ kind }) => kind === 'intermediate').flatMap(({ chain }) => chain.map(toForeign))
  return [
    ...own.map((authority) => ({ ...pick(authority), authority })),
    ...new Map(between.filter(({ id }) => !byId.has(id)).map((one) => [one.id, one])).values(),
  ]
}

function pick({ id, kind, certificate }: Authority) {
  return { id, kind, certificate }
}

/** Known by the identifier that its key would have as an authority of ours. */
function toForeign(certificate: string): CrlIssuer {
  const { publicKey } = readAuthorityCertificate(certificate)
  const id = keyId(publicKey.export({ type: 'spki', format: 'der' }))
  return { id, kind: 'intermediate', certificate, authority: null }
}
