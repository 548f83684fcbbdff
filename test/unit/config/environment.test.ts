import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../src/config/config.ts'
import { overridable, variableOf } from '../../../src/config/environment.ts'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problems.ts'
import { configSchema } from '../../../src/config/schema.ts'

const ADMIN = { identity: 'spiffe://cluster.local/a', role: 'admin' }

const names: readonly (readonly [string, string])[] = [
  ['trustDomain', 'ALCAZAR_TRUST_DOMAIN'],
  ['issuance.defaultTtl', 'ALCAZAR_ISSUANCE_DEFAULT_TTL'],
  ['listen.grpc', 'ALCAZAR_LISTEN_GRPC'],
  ['limits.asn1Depth', 'ALCAZAR_LIMITS_ASN1_DEPTH'],
  ['attestation.clientCertificate.enabled', 'ALCAZAR_ATTESTATION_CLIENT_CERTIFICATE_ENABLED'],
  ['attestation.jwt', 'ALCAZAR_ATTESTATION_JWT'],
]
for (const [path, name] of names) test(`environment: ${path} is ${name}`, () => assert.equal(variableOf(path), name))

test('environment: no two paths share a variable', () => {
  const variables = [...overridable(configSchema)].map(({ path }) => variableOf(path))
  assert.ok(variables.length > 60)
  assert.equal(new Set(variables).size, variables.length)
})

const set: readonly (readonly [string, string, (config: Config) => unknown, unknown])[] = [
  ['ALCAZAR_TRUST_DOMAIN', 'example.org', (c) => c.trustDomain, 'example.org'],
  ['ALCAZAR_ISSUANCE_DEFAULT_TTL', '90', (c) => c.issuance.defaultTtl, 90],
  ['ALCAZAR_ISSUANCE_DEFAULT_TTL', '90s', (c) => c.issuance.defaultTtl, 90],
  ['ALCAZAR_ISSUANCE_VERIFY_SAMPLE', '0.5', (c) => c.issuance.verifySample, 0.5],
  ['ALCAZAR_ISSUANCE_REJECT_OVER_MAX', 'true', (c) => c.issuance.rejectOverMax, true],
  ['ALCAZAR_LIMITS_BODY', '1024', (c) => c.limits.body, 1_024],
  ['ALCAZAR_LIMITS_RATE', 'off', (c) => c.limits.rate, null],
  ['ALCAZAR_LIMITS_QUEUE', '7', (c) => c.limits.queue, 7],
  ['ALCAZAR_LISTEN_GRPC', '[::1]:1', (c) => c.listen.grpc, { host: '::1', port: 1 }],
  ['ALCAZAR_LISTEN_BUNDLE', 'off', (c) => c.listen.bundle, null],
  ['ALCAZAR_SERVER_DNS_NAMES', '["a.example"]', (c) => c.server.dnsNames, ['a.example']],
  ['ALCAZAR_ADMINS', JSON.stringify([ADMIN]), (c) => c.admins, [ADMIN]],
  ['ALCAZAR_STORE_RETENTION', '{"issued":"off"}', (c) => c.store.retention, { issued: null, audit: null }],
  ['ALCAZAR_AUTHORITY_JWT_ISSUER', 'null', (c) => c.authority.jwt.issuer, null],
  ['ALCAZAR_AUTHORITY_KEYS_PASSPHRASE', '{"file":"p"}', (c) => c.authority.keys.passphrase, { file: 'p' }],
  ['ALCAZAR_AUTHORITY_KEYS_PASSPHRASE_ENV', 'CA_PASS', (c) => c.authority.keys.passphrase, { env: 'CA_PASS' }],
]
for (const [name, text, pick, want] of set) {
  test(`environment: ${name}=${text}`, () =>
    assert.deepEqual(pick(resolveConfig(null, { env: { [name]: text } })), want))
}

test('environment: wins over the file, the command line over both', () => {
  const written = { dataDir: '/file', trustDomain: 'file.local', authority: { keys: { passphrase: { file: 'p' } } } }
  const env = {
    ALCAZAR_DATA_DIR: '/env',
    ALCAZAR_TRUST_DOMAIN: 'env.local',
    ALCAZAR_AUTHORITY_KEYS_PASSPHRASE_ENV: 'P',
  }
  const config = resolveConfig(written, { env, overrides: { dataDir: '/flag' } })
  assert.equal(config.dataDir, '/flag')
  assert.equal(config.trustDomain, 'env.local')
  assert.deepEqual(config.authority.keys.passphrase, { env: 'P' })
})

test('environment: a section replaces that of the file, a single key wins over it', () => {
  const env = { ALCAZAR_ISSUANCE: '{"maxTtl":"2h"}', ALCAZAR_ISSUANCE_MAX_TTL: '3h' }
  const { issuance } = resolveConfig({ issuance: { defaultTtl: '30m' } }, { env })
  assert.equal(issuance.maxTtl, 10_800)
  assert.equal(issuance.defaultTtl, 3_600)
})

const passedOver = [
  'ALCAZAR_SERVER',
  'ALCAZAR_CACERT',
  'ALCAZAR_CERT',
  'ALCAZAR_KEY',
  'ALCAZAR_TOKEN',
  'ALCAZAR_OUTPUT',
  'ALCAZAR_CONFIG',
]
const ofKubernetes = [
  'ALCAZAR_SERVICE_HOST',
  'ALCAZAR_SERVICE_PORT',
  'ALCAZAR_SERVICE_PORT_HTTPS',
  'ALCAZAR_PORT',
  'ALCAZAR_PORT_15012_TCP',
  'ALCAZAR_PORT_15012_TCP_ADDR',
]
for (const name of [...passedOver, ...ofKubernetes, 'HOME', 'ALCAZARX']) {
  test(`environment: ${name} is not configuration`, () =>
    assert.doesNotThrow(() => resolveConfig(null, { env: { [name]: 'x' } })))
}

const bad: readonly (readonly [string, string, string])[] = [
  ['ALCAZAR_TRUST_DOMIAN', 'a', 'ALCAZAR_TRUST_DOMIAN'],
  ['ALCAZAR_', 'a', 'ALCAZAR_'],
  ['ALCAZAR_PORT_X', 'a', 'ALCAZAR_PORT_X'],
  ['ALCAZAR_ADMINS', 'a', 'ALCAZAR_ADMINS'],
  ['ALCAZAR_ADMINS', '', 'ALCAZAR_ADMINS'],
  ['ALCAZAR_STORE', '{"url":"sqlite:","url":"sqlite:"}', 'ALCAZAR_STORE'],
  ['ALCAZAR_ADMINS', '{}', 'admins'],
  ['ALCAZAR_TRUST_DOMAIN', '', 'trustDomain'],
  ['ALCAZAR_ISSUANCE_REJECT_OVER_MAX', 'yes', 'issuance.rejectOverMax'],
  ['ALCAZAR_LIMITS_QUEUE', '1e3', 'limits.queue'],
]
for (const [name, text, path] of bad) {
  test(`environment: ${name}=${text} is refused`, () => {
    assert.throws(
      () => resolveConfig(null, { env: { [name]: text } }),
      (error) => error instanceof ConfigError && error.problems.length === 1 && error.problems[0]?.path === path,
    )
  })
}

test('environment: a problem says that its value came from there', () => {
  assert.throws(
    () => resolveConfig(null, { env: { ALCAZAR_LIMITS_RATE: 'fast' } }),
    (error) => error instanceof ConfigError && error.message.includes('ALCAZAR_LIMITS_RATE'),
  )
})
