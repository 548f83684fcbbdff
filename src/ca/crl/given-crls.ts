import type { UnixSeconds } from '../../kernel/clock.ts'
import { readAuthorityCertificate } from '../../pki/build-certificate.ts'
import { checkSignature } from '../../pki/explain/keys.ts'
import { type ParsedCrl, toCrlSerial } from '../../pki/parse-crl.ts'
import type { ServedCrl } from './crl.ts'

/** Whose CRL is looked for, and what has to stand in it. */
interface Sought {
  /** PEM of the authority's certificate. */
  readonly certificate: string
  /** Serials, hex, of certificates that are revoked here. */
  readonly revoked: readonly string[]
  readonly now: UnixSeconds
}

/** The CRL that was given for an authority whose key is elsewhere, and what is wrong: without one, why there is none. */
interface FoundCrl {
  readonly crl: ServedCrl | null
  readonly problem: string | null
}

/** Their clocks may be fast by as much. */
const SKEW_SECONDS = 120

/** The newest of the given CRLs that the authority has signed, by name and key (RFC 5280 §6.3.3 b, f), and that is current. */
export function findGivenCrl(given: readonly ParsedCrl[], { certificate, revoked, now }: Sought): FoundCrl {
  const { name, publicKey } = readAuthorityCertificate(certificate)
  const named = given.filter(({ issuer }) => issuer.equals(name))
  if (named.length === 0) return none('no CRL of it was given')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const [newest] = named
    .filter((crl) => checkSignature(crl, spki) === 'valid')
    .toSorted((a, b) => b.thisUpdate - a.thisUpdate)
  if (newest === undefined) return none('it has not signed the CRL that was given in its name')
  if (now >= newest.nextUpdate) return none(`the CRL that was given expired at ${toText(newest.nextUpdate)}`)
  if (now < newest.thisUpdate - SKEW_SECONDS)
    return none(`the CRL that was given is not valid before ${toText(newest.thisUpdate)}`)
  const missing = revoked.filter((serial) => !newest.serials.has(toCrlSerial(serial)))
  const problem = missing.length === 0 ? null : `the CRL that was given does not name ${missing.join()}, revoked here`
  const { number, thisUpdate, nextUpdate, serials, der } = newest
  return { crl: { number, thisUpdate, nextUpdate, entries: serials.size, der }, problem }
}

function none(problem: string): FoundCrl {
  return { crl: null, problem }
}

function toText(at: UnixSeconds): string {
  return new Date(at * 1000).toISOString()
}
