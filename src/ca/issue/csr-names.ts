import { parseSpiffeId, problemOfSpiffeId, type SpiffeId } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import type { RequestedNames } from '../../pki/requested-names.ts'

/**
 * The names of a CSR must be absent or the attested identity; they never become part of a certificate.
 * `aliases` are trust domains that count as equal (the own one among them). Throws `csr.malformed` for a URI that is
 * no SPIFFE ID, `csr.names_mismatch` for any other name; with `ignore` nothing is compared, as Istio's CA does it.
 */
export function checkCsrNames(
  names: RequestedNames,
  identity: SpiffeId,
  aliases: readonly string[],
  mode: 'match' | 'ignore',
): void {
  if (mode === 'ignore') return
  const extra = names.dns.length + names.ips.length + names.emails.length + names.others
  if (extra > 0) throw mismatch(identity, 'a DNS name, address or other name beside the SPIFFE ID') // hostile 19
  if (names.uris.length > 1) throw mismatch(identity, `${names.uris.length} URI names`) // hostile 18
  for (const uri of names.uris) {
    if (uri === identity.uri) continue
    if (!isSame(parseSpiffeId(uri, 'csr.malformed'), identity, aliases)) throw mismatch(identity, uri) // hostile 17, 23
  }
  for (const name of names.commonNames) {
    const isIdentity =
      problemOfSpiffeId(name) === null && isSame(parseSpiffeId(name, 'csr.malformed'), identity, aliases)
    if (!isIdentity) throw mismatch(identity, `the common name ${name.replaceAll('`', '?')}`)
  }
}

function isSame(asked: SpiffeId, identity: SpiffeId, aliases: readonly string[]): boolean {
  if (asked.path !== identity.path) return false
  if (asked.trustDomain === identity.trustDomain) return true
  return aliases.includes(asked.trustDomain) && aliases.includes(identity.trustDomain)
}

function mismatch(identity: SpiffeId, seen: string): AppError {
  const message = `the CSR asks for \`${seen}\`, the caller is \`${identity.uri}\`: ask for that alone, or for no name`
  return new AppError('csr.names_mismatch', message, { wanted: identity.uri, seen })
}
