import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reader } from '../../../src/config/key.ts'
import { publicKeySet } from '../../../src/config/key-set.ts'
import * as names from '../../../src/config/names.ts'
import { ValueProblem } from '../../../src/config/problems.ts'

const SPKI_HASH = 'ab'.repeat(32)
const PUBLIC_JWK = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }

const cases: readonly (readonly [string, Reader<unknown>, readonly unknown[], readonly unknown[]])[] = [
  ['trust domain', names.trustDomain, ['cluster.local', 'a_b-1.c'], ['', 'Cluster.local', 'a/b', 'a:1', 5, null]],
  [
    'SPIFFE ID',
    names.spiffeId,
    ['spiffe://a/b', 'spiffe://a'],
    ['spiffe://a/', 'spiffe://A/b', 'https://a/b', 'spiffe://a/*', ''],
  ],
  [
    'SPIFFE pattern',
    names.spiffePattern,
    ['spiffe://a/b', 'spiffe://a/ns/*', 'spiffe://a/*'],
    ['*', 'spiffe://*', 'spiffe://a/ns/x*', 'spiffe://a/*/b', 'spiffe://a/ns/**', 'spiffe:///*'],
  ],
  [
    'identity template',
    names.identityTemplate,
    [
      'kubernetes',
      'spiffe://{trustDomain}/ns/{claims.team}/sa/{claims.sub}',
      'spiffe://{trustDomain}/x-{claims.a.b-c}',
    ],
    [
      'Kubernetes',
      'spiffe://cluster.local/ns/a',
      'spiffe://{trustDomain}.evil/x',
      'spiffe://{trustDomain}/',
      'spiffe://{trustDomain}/{team}',
      'spiffe://{trustDomain}/{claims.}',
      'spiffe://{trustDomain}/{claims.a',
      'spiffe://{trustDomain}/../x',
      'spiffe://{trustDomain}/{claims.a}{claims.b}',
    ],
  ],
  [
    'issuer',
    names.issuer,
    ['https://kubernetes.default.svc.cluster.local', 'http://127.0.0.1:1/x', 'https://a/'],
    ['', 'kubernetes/serviceaccount', 'ftp://a', 'https://u:p@a', 'https://a?b', 'https://a#b', 'HTTPS://a'],
  ],
  [
    'issuer of our own',
    names.oidcIssuer,
    ['https://a', 'https://a/', 'https://a:15013/x'],
    ['http://a', 'https://u@a', 'https://a#b', 'https://a#', 'https://a?x=1', 'https://a?', 'file:///etc/passwd', 'a'],
  ],
  [
    'DNS name',
    names.dnsName,
    ['a', 'ca.example.org', '*.example.org'],
    ['', 'A.b', 'a..b', '*', 'a.*.b', '10.0.0.1', 'a_b', '-a', 'a.'],
  ],
  ['namespace', names.namespace, ['istio-system'], ['', 'a.b', 'A', 'a/b', `${'a'.repeat(64)}`]],
  ['path', names.path, ['./data', '/x y'], ['', 'a\0b', 5]],
  ['variable', names.variableName, ['CA_PASSPHRASE'], ['', 'a b', '1A', 'A=B']],
  ['hash', names.sha256, [SPKI_HASH], ['', SPKI_HASH.toUpperCase(), SPKI_HASH.slice(2), `${SPKI_HASH}00`]],
  ['audience', names.word, ['istio-ca', 'https://a'], ['', 'a b', 'a\n', 'ä']],
  ['store', names.storeUrl, ['sqlite:', 'sqlite:/var/lib/a.db'], ['', 'mysql:', 'postgres://a/b', '/a.db']],
  [
    'key set',
    publicKeySet,
    [{ keys: [PUBLIC_JWK] }],
    [
      {},
      { keys: [] },
      { keys: [1] },
      [PUBLIC_JWK],
      { keys: [{ ...PUBLIC_JWK, d: 'AA' }] },
      { keys: [{ kty: 'oct', k: 'AA' }] },
    ],
  ],
]

for (const [what, reader, good, bad] of cases) {
  for (const value of good)
    test(`${what}: ${JSON.stringify(value)} is taken`, () => assert.deepEqual(reader.read(value), value))
  for (const value of bad)
    test(`${what}: ${JSON.stringify(value)} is refused`, () => assert.throws(() => reader.read(value), ValueProblem))
}

test('a private key in a key set is not repeated in the message', () => {
  const secret = 'c2VjcmV0'
  assert.throws(
    () => publicKeySet.read({ keys: [{ kty: 'oct', k: secret }] }),
    (error) => error instanceof ValueProblem && !error.message.includes(secret),
  )
})
