import type { UnixSeconds } from '../../kernel/clock.ts'
import { readAuthorityCertificate } from '../../pki/build-certificate.ts'
import { buildCrl, type CrlEntry } from '../../pki/crl.ts'
import { checkSignature } from '../../pki/explain/keys.ts'
import { parseCrl, toCrlSerial } from '../../pki/parse-crl.ts'
import type { Signer } from '../../pki/signer.ts'
import type { Authority } from '../authority.ts'
import type { Crl, crlContents } from './crl.ts'

/** What goes into the next CRL of an authority. */
interface NextCrl {
  readonly contents: ReturnType<typeof crlContents>
  /** The one before. */
  readonly last: Crl | null
  readonly now: UnixSeconds
}

const CRL_LIFE_SECONDS = 86_400
const REFRESH_SECONDS = CRL_LIFE_SECONDS / 2
/** Readers' clocks may be slow by as much. */
const BACKDATE_SECONDS = 120

/** Signs the next CRL of the authority, and gives it once it reads back as it was meant. */
export async function signCrl(authority: Authority, signer: Signer, { contents, last, now }: NextCrl): Promise<Crl> {
  const thisUpdate = now - BACKDATE_SECONDS
  const nextUpdate = thisUpdate + CRL_LIFE_SECONDS
  const number = nextNumber(last, now)
  const { name: issuer, keyId } = readAuthorityCertificate(authority.certificate)
  // No entry is later than the list that it stands in.
  const entries = contents.entries.map((one) => ({ ...one, revokedAt: Math.min(one.revokedAt, thisUpdate) }))
  const der = await buildCrl({ issuer, keyId, number, thisUpdate, nextUpdate, entries }, signer)
  const { mark } = contents
  const crl: Crl = { authority: authority.id, number, thisUpdate, nextUpdate, entries: entries.length, mark, der }
  refuseUnverified(crl, entries, authority)
  return crl
}

/** Whether there has to be another by now; also when the clock went back behind it: nobody would take it. */
export function isCrlDue(last: Crl, mark: number, now: UnixSeconds): boolean {
  return last.mark !== mark || now >= last.thisUpdate + REFRESH_SECONDS || now < last.thisUpdate
}

/** By the clock, so that it goes on ascending where the last one was lost with a restored database. */
function nextNumber(last: Crl | null, now: UnixSeconds): number {
  return Math.max(now, (last?.number ?? 0) + 1)
}

/** Read by the key of the certificate that readers will take: it may have been signed by another, or damaged on its way. */
function refuseUnverified({ der, number }: Crl, entries: readonly CrlEntry[], { id, certificate }: Authority): void {
  const seen = parseCrl(der)
  const spki = readAuthorityCertificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  const isMeant = seen.number === number && entries.every(({ serial }) => seen.serials.has(toCrlSerial(serial)))
  if (isMeant && checkSignature(seen, spki) === 'valid') return
  throw new TypeError(`CRL ${number} of authority ${id} does not read back as it was signed`)
}
