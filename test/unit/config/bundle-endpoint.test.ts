import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problems.ts'

const read = (bundle: unknown, more: object = {}) =>
  resolveConfig({ listen: { bundle, ...more } }, { env: {} }).listen.bundle
const address = { host: '0.0.0.0', port: 8443 }

test('listen.bundle: each profile', () => {
  assert.equal(read('off'), null)
  assert.deepEqual(read({ address: '0.0.0.0:8443', profile: 'https_spiffe' }), { address, profile: 'https_spiffe' })
  const files = { certificate: 'web.pem', key: 'web.key' }
  const web = { profile: 'https_web', ...files }
  assert.deepEqual(read({ address: '0.0.0.0:8443', ...web }), { address, ...web })
})

test('listen.bundle: from the environment, as JSON', () => {
  const env = { ALCAZAR_LISTEN_BUNDLE: '{"address":"0.0.0.0:8443","profile":"https_spiffe"}' }
  assert.deepEqual(resolveConfig(null, { env }).listen.bundle, { address, profile: 'https_spiffe' })
})

const wrong: readonly (readonly [string, unknown, object?])[] = [
  ['a word', 'on'],
  ['no profile', { address: '0.0.0.0:1' }],
  ['no address', { profile: 'https_spiffe' }],
  ['another profile', { address: '0.0.0.0:1', profile: 'http' }],
  ['an unknown key', { address: '0.0.0.0:1', profile: 'https_spiffe', cert: 'x' }],
  ['https_web without a key', { address: '0.0.0.0:1', profile: 'https_web', certificate: 'x' }],
  ['https_spiffe with a key', { address: '0.0.0.0:1', profile: 'https_spiffe', key: 'x' }],
  ['the address of another listener', { address: '127.0.0.1:15013', profile: 'https_spiffe' }],
]
for (const [title, bundle] of wrong) {
  test(`listen.bundle: ${title} is refused`, () =>
    assert.throws(
      () => read(bundle),
      (error) => error instanceof ConfigError && error.problems.every(({ path }) => path === 'listen.bundle'),
    ))
}

test('foreign trust domains are not an alias of ours', () => {
  const foreign = [{ trustDomain: 'old.local', identities: ['spiffe://old.local/*'] }]
  const written = { trustDomainAliases: ['old.local'], attestation: { clientCertificate: { foreign } } }
  assert.throws(() => resolveConfig(written, { env: {} }), ConfigError)
})
