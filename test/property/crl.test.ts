import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildCrl, CRL_REASONS, type CrlEntry, type CrlReason } from '../../src/pki/crl.ts'
import { DerReader } from '../../src/pki/der.ts'
import { timeText } from '../../src/pki/der-time.ts'
import { TAG, unsignedInteger } from '../../src/pki/der-writer.ts'
import { generateKey, toSigner } from '../../src/pki/file-keys.ts'
import type { Signer } from '../../src/pki/signer.ts'
import fc from '../support/fast-check.ts'

const signer: Signer = { ...toSigner(generateKey('ec-p256'), 'ec-p256'), sign: () => Buffer.alloc(70, 1) }
const names = Object.keys(CRL_REASONS) as CrlReason[]
const seconds = fc.integer({ min: 0, max: Date.UTC(2100, 0) / 1000 })
const entry: fc.Arbitrary<CrlEntry> = fc.record({
  serial: fc.uint8Array({ minLength: 1, maxLength: 16 }).map((octets) => Buffer.from(octets).toString('hex')),
  revokedAt: seconds,
  reason: fc.constantFrom(...names),
})

test('an unsigned integer is minimal, never negative, and means the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (octets) => {
      const der = unsignedInteger(octets)
      const reader = new DerReader(der, { code: 'internal', maxDepth: 1 }) // refuses what is not minimal
      reader.read(TAG.integer, 'integer')
      const contents = der.subarray(reader.start)
      assert.ok((contents[0] ?? 0x80) < 0x80)
      assert.equal(BigInt(`0x${contents.toString('hex')}`), BigInt(`0x${Buffer.from(octets).toString('hex')}`))
    }),
  )
})

test('a CRL of any entries is DER and says each of them, in their order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 40 }), seconds, fc.nat(), async (entries, thisUpdate, number) => {
      const nextUpdate = thisUpdate + 86_400
      const draft = {
        issuer: Buffer.from('3000', 'hex'),
        keyId: 'ab'.repeat(20),
        number,
        thisUpdate,
        nextUpdate,
        entries,
      }
      const der = new DerReader(await buildCrl(draft, signer), { code: 'internal', maxDepth: 8 })
      der.enter(TAG.sequence, 'CertificateList')
      der.enter(TAG.sequence, 'tbsCertList')
      der.read(TAG.integer, 'version')
      for (const what of ['signature', 'issuer']) der.read(TAG.sequence, what)
      assert.equal(readTime(der), timeText(thisUpdate))
      assert.equal(readTime(der), timeText(nextUpdate))
      assert.deepEqual(der.peek() === TAG.sequence ? readEntries(der) : [], entries.map(toSeen))
      assert.equal(der.peek(), 0xa0)
    }),
  )
})

type Seen = readonly [serial: bigint, revokedAt: string, reason: number]

function toSeen({ serial, revokedAt, reason }: CrlEntry): Seen {
  return [BigInt(`0x${serial}`), timeText(revokedAt), CRL_REASONS[reason]]
}

function readTime(der: DerReader): string {
  der.read(der.peek(), 'time')
  return der.bytes.toString('latin1', der.start, der.stop)
}

function readEntries(der: DerReader): readonly Seen[] {
  const seen: Seen[] = []
  const list = der.enter(TAG.sequence, 'revokedCertificates')
  while (der.peek() !== 0) {
    const one = der.enter(TAG.sequence, 'entry')
    der.read(TAG.integer, 'serial')
    const serial = BigInt(`0x${der.bytes.toString('hex', der.start, der.stop)}`)
    const revokedAt = readTime(der)
    const hasReason = der.peek() !== 0
    if (hasReason) der.read(TAG.sequence, 'crlEntryExtensions')
    seen.push([serial, revokedAt, hasReason ? (der.bytes[der.stop - 1] ?? 0) : 0])
    der.leave(one, 'entry')
  }
  der.leave(list, 'revokedCertificates')
  return seen
}
