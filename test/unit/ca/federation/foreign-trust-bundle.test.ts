import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { buildForeignTrustBundle } from '../../../../src/ca/federation/foreign-trust-bundle.ts'
import { parseForeignBundle } from '../../../../src/ca/federation/parse-foreign-bundle.ts'
import { newKey } from '../../../support/ca-material.ts'
import { bundleText, foreignEntry, foreignRoot, newForeignAuthority, PARTNER } from '../../../support/foreign-bundle.ts'

const authority = newForeignAuthority('Partner root')
const root = foreignRoot(authority)
const jwt = createPublicKey(newKey()).export({ format: 'jwk' })

const handOn = (document: string) => buildForeignTrustBundle(parseForeignBundle(Buffer.from(document), PARTNER), 300)
const entries = (...keys: readonly unknown[]) => JSON.stringify({ keys, spiffe_sequence: 5 })

test('F-21: what is handed on is read back as the same bundle', () => {
  const own = { use: 'jwt-svid', kid: 'k1', ...jwt }
  const { spiffe, sequence, pem } = handOn(entries(own, foreignEntry(root)))
  const again = parseForeignBundle(Buffer.from(spiffe), PARTNER)
  assert.deepEqual([again.sequence, sequence, again.skipped, again.refreshHintSeconds], [5n, 5n, 0, 300])
  assert.deepEqual(
    again.roots.map(({ der }) => der),
    [root],
  )
  assert.deepEqual(
    again.keys.map(({ kid, publicKey }) => [kid, publicKey.export({ format: 'jwk' })]),
    [['k1', jwt]],
  )
  assert.equal(pem, again.roots[0]?.pem)
})

test('B-10…B-14, X-23…X-26: only what was understood, in the form of the standard', () => {
  const odd = [
    foreignEntry(root, { kty: 'AKP' }),
    foreignEntry(root, { use: 'wit-svid' }),
    foreignEntry(root, { x5c: [] }),
    { use: 'jwt-svid', ...jwt },
    { use: 'jwt-svid', kid: '', ...jwt },
    { use: 'jwt-svid', kid: 'off the curve', ...jwt, y: jwt.x },
    { use: 'jwt-svid', kid: 'private', ...jwt, d: jwt.x },
    { use: 'jwt-svid', kid: 'weak', kty: 'RSA', n: Buffer.alloc(128, 0xff).toString('base64url'), e: 'AQAB' },
  ]
  const { spiffe } = handOn(
    entries(...odd, foreignEntry(root, { x: 'of another key', 'partner-note': 1 }), {
      use: 'jwt-svid',
      kid: 'k1',
      'partner-note': 1,
      ...jwt,
    }),
  )
  const { keys } = JSON.parse(spiffe)
  assert.deepEqual(
    keys.map((key: object) => Object.keys(key)),
    [
      ['use', 'kty', 'crv', 'x', 'y', 'x5c'],
      ['use', 'kid', 'kty', 'crv', 'x', 'y'],
    ],
  )
  assert.notEqual(keys[0].x, 'of another key')
  assert.deepEqual(keys[0].x5c, [root.toString('base64')])
})

test('J-14: of two keys with the same kid the first counts', () => {
  const other = createPublicKey(newKey()).export({ format: 'jwk' })
  const { spiffe } = handOn(entries({ use: 'jwt-svid', kid: 'k', ...jwt }, { use: 'jwt-svid', kid: 'k', ...other }))
  assert.deepEqual(
    JSON.parse(spiffe).keys.map(({ x }: { x: string }) => x),
    [jwt.x],
  )
})

test('B-5: the sequence is handed on digit by digit, and left out where there is none', () => {
  const wide = bundleText([root]).replace('"spiffe_sequence":1', '"spiffe_sequence":9223372036854775807')
  assert.match(handOn(wide).spiffe, /"spiffe_sequence":9223372036854775807,/)
  assert.doesNotMatch(handOn(bundleText([root], { spiffe_sequence: undefined })).spiffe, /spiffe_sequence/)
})

test('B-9: a bundle without anything to believe is one all the same', () => {
  const { spiffe, pem } = handOn(bundleText([]))
  assert.deepEqual([JSON.parse(spiffe).keys, pem], [[], ''])
})

test('the ETag changes with the content', () => {
  const tags = [bundleText([root]), bundleText([]), bundleText([root], { spiffe_sequence: 2 })].map(
    (text) => handOn(text).etag,
  )
  assert.equal(new Set(tags).size, 3)
  for (const tag of tags) assert.match(tag, /^"[\w-]{22}"$/)
})

test('B-14, J-3: a key goes on whatever algorithm it is for', () => {
  const pair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  const keys = [
    { use: 'jwt-svid', kid: 'p521', alg: 'ES512', ...pair('P-521') },
    { use: 'jwt-svid', kid: 'rs512', alg: 'RS512', ...rsa },
  ]
  const { spiffe } = handOn(entries(...keys, foreignEntry(root)))
  const handed: { readonly keys: readonly { readonly kid?: string }[] } = JSON.parse(spiffe)
  assert.deepEqual(
    handed.keys.flatMap(({ kid }) => kid ?? []),
    ['p521', 'rs512'],
  )
})
