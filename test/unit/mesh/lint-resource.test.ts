import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lintResource } from '../../../src/mesh/lint-resource.ts'
import {
  authorizationPolicy,
  codesAndPaths,
  peerAuthentication,
  requestAuthentication,
  validated,
  workloadEntry,
} from '../../support/mesh-objects.ts'

const withSource = (source: object) => authorizationPolicy({ rules: [{ from: [{ source }] }] })
const withOperation = (operation: object) => authorizationPolicy({ rules: [{ to: [{ operation }] }] })
const when = (key: string, ...values: string[]) => authorizationPolicy({ rules: [{ when: [{ key, values }] }] })
const withJwt = (rule: object) => requestAuthentication({ jwtRules: [{ issuer: 'https://i', ...rule }] })
const selector = { matchLabels: { app: 'x' } }

// biome-ignore format: one case a line
const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['hostile 91: principals are written without scheme', withSource({ principals: ['spiffe://td/ns/a/sa/b'] }), ['dead-principal-scheme spec.rules[0].from[0].source.principals[0]']],
  ['hostile 91: negative principals match plain text', withSource({ notPrincipals: ['a/ns/b/sa/c'] }), ['negative-matches-absent spec.rules[0].from[0].source.notPrincipals']],
  ['hostile 93: inner stars are literal', withSource({ principals: ['*.abc*', 'a*', '*a', '*', 'a*b'] }), ['literal-wildcard spec.rules[0].from[0].source.principals[0]', 'literal-wildcard spec.rules[0].from[0].source.principals[4]']],
  ['hostile 93: inner stars in paths and hosts', withOperation({ paths: ['/a*b', '/{*}/a'], hosts: ['a.*.b'] }), ['literal-wildcard spec.rules[0].to[0].operation.hosts[0]', 'literal-wildcard spec.rules[0].to[0].operation.paths[0]']],
  ['hostile 94: ALLOW without rules refuses', authorizationPolicy({ rules: [] }), ['refuses-everything spec.rules']],
  ['hostile 94: an empty rule allows', authorizationPolicy({ rules: [{}] }), ['matches-everything spec.rules[0]']],
  ['an empty list is anyone', authorizationPolicy({ rules: [{ from: [], to: [{ operation: { methods: ['GET'] } }] }] }), ['empty-means-anyone spec.rules[0].from']],
  ['server names are lower case', when('connection.sni', 'A.example'), ['dead-sni-case spec.rules[0].when[0].values[0]']],
  ['methods are upper case', withOperation({ methods: ['get', 'POST'] }), ['dead-method spec.rules[0].to[0].operation.methods[0]']],
  ['paths begin with a slash and hold no query', withOperation({ paths: ['a', '/a?b', '*/c', '{*}'] }), ['dead-path spec.rules[0].to[0].operation.paths[0]', 'dead-path spec.rules[0].to[0].operation.paths[1]']],
  ['port 0', withOperation({ ports: ['0', '80'] }), ['dead-port spec.rules[0].to[0].operation.ports[0]']],
  ['hostile 96: a mapped block', withSource({ ipBlocks: ['::ffff:10.0.0.1', '::1'] }), ['dead-ip-mapped spec.rules[0].from[0].source.ipBlocks[0]']],
  ['the remote address is the client’s choice', when('remote.ip', '10.0.0.1'), ['remote-ip-spoofable spec.rules[0].when[0].key']],
  ['request principals', when('request.auth.principal', '*', 'iss/sub', 'iss/*', '*/sub', '*/*', 'https://host*', 'bare'), [4, 5, 6].map((i) => `dead-request-principal spec.rules[0].when[0].values[${i}]`)],
  ['scope is split', when('request.auth.claims[scope]', 'read write', 'read'), ['dead-claim-blank spec.rules[0].when[0].values[0]']],
  ['a header key with a letter too many', when('request.headersx[a]', 'b'), ['dead-header-key spec.rules[0].when[0].key']],
  ['DENY by a header alone widens', authorizationPolicy({ action: 'DENY', rules: [{ when: [{ key: 'request.headers[a]', values: ['b'] }] }] }), ['deny-widens-on-tcp spec.rules[0].when']],
  ['DENY by a header and a port does not', authorizationPolicy({ action: 'DENY', rules: [{ to: [{ operation: { ports: ['80'] } }], when: [{ key: 'request.headers[a]', values: ['b'] }] }] }), []],
  ['no jwtRules', requestAuthentication({}), ['no-jwt-rules spec.jwtRules']],
  ['keys without a key', withJwt({ jwks: '{"keys":[]}' }), ['jwks-without-keys spec.jwtRules[0].jwks']],
  ['keys over http at no port', withJwt({ jwksUri: 'http://a:99999/' }), ['jwksuri-plaintext spec.jwtRules[0].jwksUri', 'jwksuri-port spec.jwtRules[0].jwksUri']],
  ['a payload header that is none', withJwt({ outputPayloadToHeader: 'x: y' }), ['payload-header-name spec.jwtRules[0].outputPayloadToHeader']],
  ['a selector in the root namespace', peerAuthentication({ selector }, { namespace: 'istio-system' }), ['dead-selector spec.selector']],
  ['a selector elsewhere', peerAuthentication({ selector }), []],
  ['an entry without identity', workloadEntry({ address: '::1' }), ['entry-without-identity spec.serviceAccount']],
  ['an entry with an impossible one', workloadEntry({ address: '::1', serviceAccount: 'A_b' }), ['service-account-name spec.serviceAccount']],
]
for (const [name, document, want] of cases) {
  test(`lint: ${name}`, () => assert.deepEqual(codesAndPaths(lintResource(validated(document))), [...want].sort()))
}

test('lint: the root namespace is a setting', () => {
  const policy = validated(peerAuthentication({ selector }))
  assert.equal(lintResource(policy, 'foo').length, 1)
})
