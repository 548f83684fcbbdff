import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { ExportHead } from '../../../src/audit/export-head.ts'
import { ExportVerifier } from '../../../src/audit/export-verifier.ts'
import { MalformedExport } from '../../../src/audit/malformed-export.ts'
import { toSigner } from '../../../src/pki/file-keys.ts'
import type { KeyType } from '../../../src/pki/key-types.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { testAuthorities } from '../../support/authority.ts'
import { exportOf, someRows } from '../../support/record.ts'
import { testCredentials } from '../../support/serving.ts'
import { NOW } from '../../support/store.ts'

const authorities = await testAuthorities('ec-p256', NOW)
const signer = { signer: authorities.intermediate.signer, chain: [authorities.intermediate.authority.certificate] }
const roots = [new X509Certificate(authorities.root.authority.certificate)]

function verify(lines: readonly string[], expectation: { roots?: X509Certificate[]; earlier?: ExportHead } = {}) {
  const verifier = new ExportVerifier({ roots, earlier: null, ...expectation })
  for (const line of lines) verifier.take(line)
  return verifier.end()
}

/** What the verifier says of it. */
function faultOf(...input: Parameters<typeof verify>): MalformedExport {
  try {
    verify(...input)
  } catch (error) {
    if (error instanceof MalformedExport) return error
    throw error
  }
  throw new Error('it was taken for whole')
}

function placeOf(...input: Parameters<typeof verify>) {
  const { problem } = faultOf(...input)
  return problem === null ? null : [problem.log, problem.sequence, problem.reason]
}

for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048', 'ed25519'] as const satisfies readonly KeyType[]) {
  test(`an export signed by an authority of ${keyType} is whole`, async () => {
    const { root, intermediate } = await testAuthorities(keyType, NOW)
    const by = { signer: intermediate.signer, chain: [intermediate.authority.certificate] }
    const { lines, head } = await exportOf(someRows(), by)
    const verified = verify(lines, { roots: [new X509Certificate(root.authority.certificate)] })
    assert.deepEqual([verified.rows, verified.head], [9, head])
  })
}

test('so is one of an empty record', async () => {
  assert.equal(verify((await exportOf([], signer)).lines).rows, 0)
})

test('the first row that was changed, left out, moved or added is named', async () => {
  const { lines } = await exportOf(someRows(), signer) // intents, results, actions in turn
  const changed = lines.with(3, lines[3]?.replace('web-2', 'web-9') ?? '')
  assert.deepEqual(placeOf(changed), ['intents', 2, 'changed'])
  assert.deepEqual(placeOf(lines.toSpliced(3, 1)), ['intents', 2, 'missing'])
  assert.deepEqual(placeOf(lines.toSpliced(0, 1)), ['intents', 1, 'missing'])
  assert.deepEqual(placeOf(lines.toSpliced(8, 1)), ['actions', 3, 'missing'])
  assert.deepEqual(placeOf(lines.with(2, lines[5] ?? '').with(5, lines[2] ?? '')), ['actions', 1, 'changed'])
  assert.deepEqual(placeOf(lines.toSpliced(4, 0, lines[4] ?? '')), ['results', 2, 'changed'])
})

test('every flipped bit of a row is seen', async () => {
  const { lines } = await exportOf(someRows(1), signer)
  const [line = ''] = lines
  for (let i = 0; i < line.length; i++) {
    for (const bit of [1, 2, 4]) {
      const flipped = line.slice(0, i) + String.fromCharCode(line.charCodeAt(i) ^ bit) + line.slice(i + 1)
      faultOf(lines.with(0, flipped))
    }
  }
})

test('a file without its end, or with more behind it, is refused', async () => {
  const { lines } = await exportOf(someRows(), signer)
  assert.match(faultOf(lines.slice(0, -1)).message, /cut off/)
  faultOf(lines.with(-1, lines.at(-1)?.slice(0, -10) ?? ''))
  faultOf([...lines, lines[0] ?? ''])
  faultOf([])
})

test('a record that was rewritten as a whole has no head of a trusted authority', async () => {
  const other = await testAuthorities('ec-p256', NOW)
  const forger = { signer: other.intermediate.signer, chain: [other.intermediate.authority.certificate] }
  assert.match(faultOf((await exportOf(someRows(), forger)).lines).message, /root that is trusted/)
  const borrowed = { signer: other.intermediate.signer, chain: signer.chain } // the right name, another key
  assert.match(faultOf((await exportOf(someRows(), borrowed)).lines).message, /signature/)
  const spliced = (await exportOf(someRows(), signer)).lines
  assert.deepEqual(placeOf((await exportOf(someRows(), signer)).lines.with(-1, spliced.at(-1) ?? '')), [
    'intents',
    3,
    'changed',
  ])
})

test('a head that a workload signed with its own certificate is refused', async () => {
  const { key, der } = await testCredentials(authorities, { now: NOW })
  const workload = {
    signer: toSigner(createPrivateKey(key), 'ec-p256'),
    chain: [toPem('CERTIFICATE', der), ...signer.chain],
  }
  assert.match(faultOf((await exportOf(someRows(), workload)).lines).message, /not an authority/)
})

test('the certificate of the signer must have been valid at the time that the head says', async () => {
  const late = await exportOf(someRows(), signer, { at: NOW + 31 * 86_400_000 })
  assert.match(faultOf(late.lines).message, /not valid/)
})

test('exports that go on where the one before ended, or overlap it, are whole', async () => {
  const rows = someRows(4)
  const first = await exportOf(rows.slice(0, 6), signer)
  const next = await exportOf(rows.slice(6), signer, { from: first.head })
  const all = await exportOf(rows, signer)
  assert.equal(verify(next.lines, { earlier: first.head }).rows, 6)
  assert.equal(verify(all.lines, { earlier: first.head }).rows, 12)
  assert.equal(verify(first.lines, { earlier: first.head }).rows, 6)
})

test('a later export of another past is refused, and so is one with a gap or of another trust domain (hostile 108)', async () => {
  const rows = someRows(4)
  const first = await exportOf(rows.slice(0, 6), signer)
  const second = await exportOf(rows.slice(6, 9), signer, { from: first.head })
  const third = await exportOf(rows.slice(9), signer, { from: second.head })
  const restored = await exportOf([...rows.slice(0, 3), ...someRows(3).slice(3)], signer)
  assert.deepEqual(placeOf(restored.lines, { earlier: first.head }), ['intents', 2, 'forked'])
  assert.deepEqual(placeOf(first.lines, { earlier: second.head }), ['intents', 3, 'missing'])
  assert.match(faultOf(third.lines, { earlier: first.head }).message, /begins behind row 3/)
  const foreign = await exportOf(rows, signer, { trustDomain: 'other.example' })
  assert.match(faultOf(foreign.lines, { earlier: first.head }).message, /trust domain/)
})
