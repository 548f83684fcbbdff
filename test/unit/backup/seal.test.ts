import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ByteSource } from '../../../src/backup/byte-source.ts'
import { CHUNK_BYTES, seal, TAG_BYTES, unseal } from '../../../src/backup/seal.ts'
import { collect, inPieces } from '../../support/backup.ts'
import fc from '../../support/fast-check.ts'

const key = randomBytes(32)
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
const sealed = (plain: Buffer) => collect(seal(inPieces(plain, 10_000), key))
const unsealed = (bytes: Buffer, by = key) => collect(unseal(new ByteSource(inPieces(bytes, 70_001)), by))
const damaged = { code: 'backup.damaged' }

for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
  test(`seal: ${size} bytes come back, in the fewest chunks`, async () => {
    const plain = randomBytes(size)
    const bytes = await sealed(plain)
    const chunks = Math.max(1, Math.ceil(size / CHUNK_BYTES))
    assert.equal(bytes.length, size + chunks * TAG_BYTES)
    assert.ok((await unsealed(bytes)).equals(plain))
  })
}

const plain = randomBytes(4 * CHUNK_BYTES + 100)
const whole = await sealed(plain)
const chunk = (index: number) => whole.subarray(index * SEALED_CHUNK, (index + 1) * SEALED_CHUNK)
const all = [0, 1, 2, 3, 4]

for (let count = 0; count < all.length; count++) {
  test(`seal: cut off behind chunk ${count}`, async () => {
    await assert.rejects(unsealed(whole.subarray(0, count * SEALED_CHUNK)), damaged)
    await assert.rejects(unsealed(whole.subarray(0, count * SEALED_CHUNK + 50)), damaged)
  })
}

const orders: readonly (readonly [string, readonly number[]])[] = [
  ['exchanged', [0, 2, 1, 3, 4]],
  ['left out', [0, 1, 3, 4]],
  ['repeated', [0, 1, 1, 2, 3, 4]],
  ['ended twice', [0, 1, 2, 3, 4, 4]],
  ['ended by the end of another place', [0, 4]],
]
for (const [name, order] of orders) {
  test(`seal: chunks ${name}`, async () => {
    await assert.rejects(unsealed(Buffer.concat(order.map(chunk))), damaged)
  })
}

test('seal: a chunk of another stream, and another key', async () => {
  const other = await collect(seal(inPieces(plain, 999), randomBytes(32)))
  await assert.rejects(unsealed(Buffer.concat([chunk(0), other.subarray(SEALED_CHUNK)])), damaged)
  await assert.rejects(unsealed(other), damaged)
})

test('seal: any bit that is turned over is found, and nothing behind it is given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (bit) => {
      const bytes = Buffer.from(whole)
      const at = bit >> 3
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
      const given: Buffer[] = []
      await assert.rejects(async () => {
        for await (const piece of unseal(new ByteSource(inPieces(bytes, SEALED_CHUNK)), key)) given.push(piece)
      }, damaged)
      assert.equal(given.length, Math.floor(at / SEALED_CHUNK))
    }),
    { numRuns: 60 },
  )
})
