import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildCrl, type CrlDraft } from '../../../src/pki/crl.ts'
import { problemOfDer } from '../../../src/pki/der-check.ts'
import { generateKey, toSigner } from '../../../src/pki/file-keys.ts'
import type { Signer } from '../../../src/pki/signer.ts'

const THIS_UPDATE = Date.UTC(2026, 10, 21, 3) / 1000
const draft: CrlDraft = {
  issuer: Buffer.from('300d310b3009060355040a0c024142', 'hex'), // O=AB
  keyId: '0123456789abcdef0123456789abcdef01234567',
  number: 128,
  thisUpdate: THIS_UPDATE,
  nextUpdate: THIS_UPDATE + 86_400,
  entries: [],
}
const signer: Signer = { ...toSigner(generateKey('ed25519'), 'ed25519'), sign: () => Buffer.from('abcd', 'hex') }
const build = async (change: Partial<CrlDraft>) => (await buildCrl({ ...draft, ...change }, signer)).toString('hex')

const HEAD = '020101300506032b6570' // version 2, Ed25519
const TIMES = '170d3236313132313033303030305a170d3236313132323033303030305a'
const EXTENSIONS =
  'a030302e301f0603551d23041830168014' + // AKI, key identifier
  '0123456789abcdef0123456789abcdef01234567' +
  '300b0603551d14040402020080' // CRL number 128, with the octet that keeps it positive

test('an empty CRL has no list of certificates (RFC 5280 §5.1.2.6), an authority key id and a number', async () => {
  const tbs = `${HEAD}300d310b3009060355040a0c024142${TIMES}${EXTENSIONS}`
  assert.ok((await build({})).includes(`30${(tbs.length / 2).toString(16)}${tbs}`))
})

test('an entry says serial, date and reason; unspecified is said by nothing', async () => {
  const entry = { serial: `00ff${'0'.repeat(28)}`, revokedAt: THIS_UPDATE, reason: 'keyCompromise' } as const
  const head = `021000ff${'0'.repeat(28)}170d3236313132313033303030305a`
  assert.ok((await build({ entries: [entry] })).includes(`${head}300c300a0603551d1504030a0101`))
  const silent = await build({ entries: [{ ...entry, reason: 'unspecified' }] })
  assert.ok(silent.includes(`3021${head}`))
})

test('from 2050 on, times are GeneralizedTime (RFC 5280 §5.1.2.4)', async () => {
  const hex = await build({ nextUpdate: Date.UTC(2050, 0, 1) / 1000 })
  assert.ok(hex.includes(`180f${Buffer.from('20500101000000Z').toString('hex')}`))
})

test('a hundred thousand entries are DER', async () => {
  const entries = Array.from({ length: 100_000 }, (_, i) => ({
    serial: i.toString(16).padStart(32, '0'),
    revokedAt: THIS_UPDATE,
    reason: 'superseded' as const,
  }))
  const der = await buildCrl({ ...draft, entries }, signer)
  assert.equal(problemOfDer(der, { at: 0, end: der.length }, 8), null)
})
