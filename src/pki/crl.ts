import type { UnixSeconds } from '../kernel/clock.ts'
import { time } from './der-time.ts'
import { oid, sequence, TAG, tlv, unsignedInteger } from './der-writer.ts'
import type { Signer } from './signer.ts'

/**
 * Why a certificate was revoked (RFC 5280 §5.3.1), by its name there. Nothing here is put on hold: what is revoked
 * stays so.
 */
export const CRL_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const
export type CrlReason = keyof typeof CRL_REASONS

/** One revoked certificate. */
export interface CrlEntry {
  /** Lower-case hex, of an even number of digits. */
  readonly serial: string
  readonly revokedAt: UnixSeconds
  readonly reason: CrlReason
}

/** A CRL to be, complete for its issuer and without a scope (RFC 5280 §5). */
export interface CrlDraft {
  /** DER of the issuer's Name. */
  readonly issuer: Buffer
  /** Its subject key identifier, hex. */
  readonly keyId: string
  /** Greater than that of every CRL of this issuer before. */
  readonly number: number
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly entries: readonly CrlEntry[]
}

const VERSION_2 = unsignedInteger(Uint8Array.of(1)) // §5.1.2.1
const CRL_NUMBER = oid('2.5.29.20') // §5.2.3
const AUTHORITY_KEY_ID = oid('2.5.29.35') // §5.2.1
const REASON_CODE = oid('2.5.29.21') // §5.3.1
const KEY_IDENTIFIER = 0x80 // §4.2.1.1: [0] IMPLICIT
const EXTENSIONS = 0xa0 // §5.1: [0] EXPLICIT

/** DER of the signed CRL (RFC 5280 §5.1). */
export async function buildCrl(draft: CrlDraft, signer: Signer): Promise<Buffer> {
  const tbs = tbsCertList(draft, signer.algorithm)
  const signature = await signer.sign(tbs)
  return sequence(tbs, signer.algorithm, tlv(TAG.bitString, Uint8Array.of(0), signature))
}

function tbsCertList(draft: CrlDraft, signatureAlgorithm: Buffer): Buffer {
  const { issuer, keyId, number, thisUpdate, nextUpdate, entries } = draft
  const keyIdentifier = tlv(KEY_IDENTIFIER, Buffer.from(keyId, 'hex'))
  return sequence(
    VERSION_2,
    signatureAlgorithm,
    issuer,
    time(thisUpdate),
    time(nextUpdate),
    revokedCertificates(entries),
    tlv(
      EXTENSIONS,
      sequence(extension(AUTHORITY_KEY_ID, sequence(keyIdentifier)), extension(CRL_NUMBER, crlNumber(number))),
    ),
  )
}

/** Left out where there is none (§5.1.2.6). */
function revokedCertificates(entries: readonly CrlEntry[]): Buffer {
  if (entries.length === 0) return Buffer.alloc(0)
  return sequence(Buffer.concat(entries.map(revokedCertificate)))
}

function revokedCertificate({ serial, revokedAt, reason }: CrlEntry): Buffer {
  const head = [unsignedInteger(Buffer.from(serial, 'hex')), time(revokedAt)]
  if (reason === 'unspecified') return sequence(...head) // §5.3.1: said by saying nothing
  const code = tlv(TAG.enumerated, Uint8Array.of(CRL_REASONS[reason]))
  return sequence(...head, sequence(extension(REASON_CODE, code)))
}

function crlNumber(number: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(BigInt(number))
  return unsignedInteger(octets)
}

/** Not critical, as §5.2.1, §5.2.3 and §5.3.1 want all of these. */
function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tlv(TAG.octetString, value))
}
