import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type ConfigSources, resolveConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problems.ts'

const NO_ENV: ConfigSources = { env: {} }
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const TOKEN = { module: '/usr/lib/softhsm/libsofthsm2.so', tokenLabel: 'alcazar', pin: { env: 'TOKEN_PIN' } }
const SECRET = { passphrase: { env: 'CA_PASSPHRASE' } }
const PUBLIC_JWK = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const JWT = {
  issuer: 'https://a.example',
  audiences: ['istio-ca'],
  jwks: { file: 'keys.json' },
  identity: 'kubernetes',
}

function pathsOf(written: unknown, sources: ConfigSources = NO_ENV): string[] {
  try {
    resolveConfig(written, sources)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path)
    throw error
  }
}

test('defaults are complete and as documented', () => {
  const config = resolveConfig(null, NO_ENV)
  assert.deepEqual(config.listen.grpc, { host: '127.0.0.1', port: 15_012 })
  assert.deepEqual(config.store, { url: 'sqlite:', retention: { issued: 2_592_000, audit: null } })
  assert.deepEqual(config.attestation, {
    jwt: [],
    clientCertificate: { enabled: true, foreign: [] },
    joinToken: { enabled: true, maxTtl: 86_400 },
  })
  assert.equal(config.authority.root.ttl, 157_680_000)
  assert.equal(config.authority.keys.passphrase, undefined)
  assert.equal(config.limits.rate, 5_000)
})

const good: readonly (readonly [string, unknown])[] = [
  ['an empty section', { server: null, limits: null, admins: null }],
  [
    '"off" lifts a limit',
    { limits: { rate: 'off', body: 'off', drain: 'off' }, store: { retention: { issued: 'off' } } },
  ],
  ['no drain', { limits: { drain: 0 }, issuance: { backdate: 0 } }],
  ['JWT-SVIDs', { authority: { jwt: { keyType: 'rsa-2048', ttl: '7d', issuer: 'https://a.example', svidTtl: '1m' } } }],
  [
    'keys of later versions at their default',
    {
      listen: { decisions: 'off' },
      authority: { keys: { provider: 'file' } },
      mesh: { watch: [] },
    },
  ],
  [
    'every source of keys',
    {
      attestation: {
        jwt: [
          JWT,
          ...[
            { uri: 'https://a/j', caFile: 'a' },
            { inline: { keys: [PUBLIC_JWK] } },
            { discovery: true, tokenFile: 't' },
          ].map((jwks, i) => ({ ...JWT, issuer: `https://${i}.example`, jwks })),
        ],
      },
    },
  ],
  ['keys in a token', { authority: { keys: { provider: 'pkcs11', ...TOKEN } } }],
  ['a passphrase of earlier key files beside it', { authority: { keys: { provider: 'pkcs11', ...TOKEN, ...SECRET } } }],
  ['a passphrase by reference', { authority: { keys: { passphrase: { env: 'CA_PASSPHRASE' } } } }],
  [
    'grants and administrators',
    {
      admins: [{ identity: WEB, role: 'admin' }],
      impersonation: [{ caller: WEB, identities: ['spiffe://cluster.local/ns/*'] }],
    },
  ],
  [
    'keys by plain http from this host',
    { attestation: { jwt: [{ ...JWT, jwks: { uri: 'http://127.0.0.1:1/' }, allowPrivateAddress: true }] } },
  ],
  ['any port, several times', { listen: { grpc: '127.0.0.1:0', https: '127.0.0.1:0', monitoring: '[::1]:0' } }],
]
for (const [what, written] of good) test(`config: ${what}`, () => assert.deepEqual(pathsOf(written), []))

const bad: readonly (readonly [unknown, readonly string[]])[] = [
  ['text', ['the configuration']],
  [[], ['the configuration']],
  [{ trustDomian: 'a' }, ['trustDomian']],
  [{ limits: { rate: 0 } }, ['limits.rate']],
  [
    { limits: { body: '0B', csr: -1, queue: 1.5, asn1Depth: '16', drain: '-1s' } },
    ['limits.body', 'limits.csr', 'limits.asn1Depth', 'limits.queue', 'limits.drain'],
  ],
  [{ listen: 5 }, ['listen']],
  [{ listen: { grpc: '127.0.0.1' } }, ['listen.grpc']],
  [{ trustDomain: 'Cluster.local' }, ['trustDomain']],
  [{ trustDomain: null }, ['trustDomain']],
  [{ issuance: { keyTypes: [] } }, ['issuance.keyTypes']],
  [{ issuance: { keyTypes: ['ec-p256', 'dsa', 'ec-p256'] } }, ['issuance.keyTypes[2]', 'issuance.keyTypes[1]']],
  [
    { issuance: { backdate: '2h', verifySample: 1.1, csrNames: 'x', rejectOverMax: 'no' } },
    ['issuance.backdate', 'issuance.rejectOverMax', 'issuance.csrNames', 'issuance.verifySample'],
  ],
  [{ authority: { root: { ttl: '101y' } } }, ['authority.root.ttl']],
  [{ authority: { keys: { passphrase: 'secret' } } }, ['authority.keys.passphrase']],
  [{ authority: { keys: { passphrase: { file: 'a', env: 'B' } } } }, ['authority.keys.passphrase']],
  [{ authority: { keys: { provider: 'pkcs11', ...TOKEN, pin: '1234' } } }, ['authority.keys.pin']],
  [{ authority: { keys: { provider: 'pkcs11', ...TOKEN, tokenLabel: ' a' } } }, ['authority.keys.tokenLabel']],
  [{ attestation: { jwt: {} } }, ['attestation.jwt']],
  [
    { attestation: { jwt: [5, {}] } },
    [
      'attestation.jwt[0]',
      'attestation.jwt[1].issuer',
      'attestation.jwt[1].audiences',
      'attestation.jwt[1].jwks',
      'attestation.jwt[1].identity',
    ],
  ],
  [{ attestation: { jwt: [{ ...JWT, jwks: { file: 'a', caFile: 'b' } }] } }, ['attestation.jwt[0].jwks.caFile']],
  [{ attestation: { jwt: [{ ...JWT, jwks: { discovery: false } }] } }, ['attestation.jwt[0].jwks.discovery']],
  [{ admins: [{ identity: WEB, role: 'root' }] }, ['admins[0].role']],
  [JSON.parse('{"__proto__": {"trustDomain": "a"}, "constructor": 1}'), ['__proto__', 'constructor']],
]
for (const [written, paths] of bad)
  test(`config: ${JSON.stringify(written)} is refused`, () => assert.deepEqual(pathsOf(written), paths))

const between: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['defaultTtl below minTtl', { issuance: { defaultTtl: '1m', minTtl: '2m' } }, ['issuance.defaultTtl']],
  ['defaultTtl above maxTtl', { issuance: { defaultTtl: '2h', maxTtl: '1h' } }, ['issuance.defaultTtl']],
  ['maxTtl as long as an intermediate', { issuance: { maxTtl: '30d' } }, ['issuance.maxTtl']],
  ['serving certificate as long as an intermediate', { server: { ttl: '30d' } }, ['server.ttl']],
  ['a root shorter than its intermediate', { authority: { root: { ttl: '29d' } } }, ['authority.root.ttl']],
  ['a JWT-SVID that outlives its key', { authority: { jwt: { ttl: '5m' } } }, ['authority.jwt.svidTtl']],
  [
    'a token without what leads to it',
    { authority: { keys: { provider: 'pkcs11' } } },
    ['authority.keys.module', 'authority.keys.tokenLabel', 'authority.keys.pin'],
  ],
  [
    'a token where keys are files',
    { authority: { keys: TOKEN } },
    ['authority.keys.module', 'authority.keys.tokenLabel', 'authority.keys.pin'],
  ],
  ['monitoring for everybody', { listen: { monitoring: '0.0.0.0:15014' } }, ['listen.monitoring']],
  ['decisions for everybody', { listen: { decisions: '0.0.0.0:15015' } }, ['listen.decisions']],
  ['decisions where others listen', { listen: { decisions: '127.0.0.1:15014' } }, ['listen.decisions']],
  ['one address twice', { listen: { https: '127.0.0.1:15012' } }, ['listen.https']],
  ['an issuer twice', { attestation: { jwt: [JWT, JWT] } }, ['attestation.jwt[1].issuer']],
  [
    'discovery without TLS',
    { attestation: { jwt: [{ ...JWT, issuer: 'http://a.example', jwks: { discovery: true } }] } },
    ['attestation.jwt[0].issuer'],
  ],
  [
    'keys by plain http',
    { attestation: { jwt: [{ ...JWT, jwks: { uri: 'http://127.0.0.1:1/' } }] } },
    ['attestation.jwt[0].jwks'],
  ],
  [
    'a key set without a usable key',
    { attestation: { jwt: [{ ...JWT, jwks: { inline: { keys: [{ kty: 'EC' }] } } }] } },
    ['attestation.jwt[0].jwks'],
  ],
  [
    'an administrator of elsewhere',
    { admins: [{ identity: 'spiffe://other/a', role: 'admin' }] },
    ['admins[0].identity'],
  ],
  [
    'impersonation across trust domains',
    { impersonation: [{ caller: WEB, identities: [WEB, 'spiffe://other/*'] }] },
    ['impersonation[0].identities[1]'],
  ],
  [
    'nothing more is said of a key that is wrong by itself',
    { issuance: { maxTtl: 'long', defaultTtl: '48h' } },
    ['issuance.maxTtl'],
  ],
]
for (const [what, written, paths] of between)
  test(`config: ${what} is refused`, () => assert.deepEqual(pathsOf(written), paths))

test('a secret in the wrong place is not repeated', () => {
  const secret = 'correct horse battery staple'
  const written = { authority: { keys: { passphrase: secret } } }
  assert.throws(
    () => resolveConfig(written, NO_ENV),
    (error) => error instanceof ConfigError && !error.message.includes(secret),
  )
})

test('what a problem says stays on its line and cannot forge another', () => {
  const written = { 'a\nlimits.rate: fine': 1, trustDomain: 'x\u001b[31m\ny' }
  assert.throws(
    () => resolveConfig(written, NO_ENV),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.equal(error.message.split('\n').length, 1 + error.problems.length)
      return /^[\x20-\x7e\n]*$/.test(error.message)
    },
  )
})

test('the near miss of a key is named', () => {
  assert.throws(
    () => resolveConfig({ trustDomian: 'a' }, NO_ENV),
    (error) => error instanceof ConfigError && error.message.includes('`trustDomain`'),
  )
})
