import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toDistinctFindings } from '../../../src/mesh/finding.ts'
import { validateResource } from '../../../src/mesh/validate-resource.ts'
import {
  authorizationPolicy,
  codesAndPaths,
  peerAuthentication,
  requestAuthentication,
  validated,
  workloadEntry,
} from '../../support/mesh-objects.ts'

const RULES = [{ to: [{ operation: { paths: ['/a'] } }] }]
const allow = authorizationPolicy({ rules: RULES })
const withSource = (source: unknown) => authorizationPolicy({ rules: [{ from: [{ source }] }] })
const withJwt = (rule: object) => requestAuthentication({ jwtRules: [{ issuer: 'https://i', ...rule }] })
const source = 'spec.rules[0].from[0].source'
const jwt = 'spec.jwtRules[0]'

// biome-ignore format: one case a line
const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['null', null, ['document-not-object ']],
  ['a list', [], ['document-not-object ']],
  ['an empty object', {}, ['kind-unknown kind']],
  ['a kind of another case', { ...allow, kind: 'authorizationPolicy' }, ['kind-unknown kind']],
  ['a kind that names a prototype', { ...allow, kind: 'toString' }, ['kind-unknown kind']],
  ['an old apiVersion', { ...allow, apiVersion: 'rbac.istio.io/v1alpha1' }, ['apiversion-unknown apiVersion']],
  ['an apiVersion of another kind', { ...allow, apiVersion: 'networking.istio.io/v1' }, ['apiversion-unknown apiVersion']],
  ['a name that is an object without text', { ...allow, metadata: { name: { toString: null } } }, ['name-bad metadata.name']],
  ['a field beside spec', { ...allow, spce: {} }, ['unknown-field spce']],
  ['spec null', { ...allow, spec: null }, ['null-element spec']],
  ['spec a string', { ...allow, spec: 'x' }, ['type-wrong spec']],
  ['hostile 95: a typo', withSource({ princpals: ['a'] }), [`source-empty ${source}`, `unknown-field ${source}.princpals`]],
  ['hostile 95: an unknown action', authorizationPolicy({ action: 'BLOCK' }), ['enum-bad spec.action']],
  ['hostile 95: an unknown key', authorizationPolicy({ rules: [{ when: [{ key: 'bogus', values: ['a'] }] }] }), ['when-key-unknown spec.rules[0].when[0].key']],
  ['hostile 96: /33', withSource({ ipBlocks: ['10.0.0.0/33'] }), [`cidr-bad ${source}.ipBlocks[0]`]],
  ['hostile 96: a leading zero', withSource({ ipBlocks: ['::1', '010.1.1.1'] }), [`ip-bad ${source}.ipBlocks[1]`]],
  ['hostile 96: a zone in a block', withSource({ ipBlocks: ['fe80::1%eth0/64'] }), [`cidr-bad ${source}.ipBlocks[0]`]],
  ['hostile 96: an empty zone', withSource({ ipBlocks: ['fe80::1%'] }), [`ip-bad ${source}.ipBlocks[0]`]],
  ['hostile 93: an empty value', withSource({ principals: ['a', ''] }), [`value-empty ${source}.principals[1]`]],
  ['hostile 93: ** in trustDomains', withSource({ trustDomains: ['**'] }), [`wildcard-count ${source}.trustDomains[0]`]],
  ['a trust domain with a slash', withSource({ notTrustDomains: ['a/b'] }), [`trustdomain-slash ${source}.notTrustDomains[0]`]],
  ['CUSTOM with a trust domain condition', authorizationPolicy({ action: 'CUSTOM', provider: { name: 'x' }, rules: [{ when: [{ key: 'source.trustDomain', values: ['a'] }] }] }), ['custom-unsupported-field spec.rules[0].when[0].key']],
  ['513 rules', authorizationPolicy({ rules: Array.from({ length: 513 }, () => ({})) }), ['rules-too-many spec.rules']],
  ['513 sources', authorizationPolicy({ rules: [{ from: Array.from({ length: 513 }, () => ({ source: { namespaces: ['a'] } })) }] }), ['from-too-many spec.rules[0].from']],
  ['selector beside an empty list of targets', authorizationPolicy({ selector: { matchLabels: { a: 'b' } }, targetRefs: [], rules: RULES }), ['selector-and-targetref spec']],
  ['a target elsewhere', authorizationPolicy({ targetRef: { kind: 'Service', name: 'a', namespace: 'b' }, rules: RULES }), ['targetref-namespace spec.targetRef.namespace']],
  ['a target of a bad group', authorizationPolicy({ targetRef: { group: '__', kind: 'Service', name: 'a' }, rules: RULES }), ['targetref-group spec.targetRef.group', 'targetref-kind spec.targetRef.kind']],
  ['a key that names a prototype', authorizationPolicy({ selector: { matchLabels: JSON.parse('{"__proto__":"a"}') }, rules: RULES }), ['key-forbidden spec.selector.matchLabels[__proto__]']],
  ['dry run of AUDIT', authorizationPolicy({ action: 'AUDIT', rules: RULES }, { annotations: { 'istio.io/dry-run': 'true' } }), ['dry-run-unsupported metadata.annotations[istio.io/dry-run]']],
  ['dry run, garbage', authorizationPolicy({ rules: RULES }, { annotations: { 'istio.io/dry-run': 'yes' } }), ['dry-run-bad metadata.annotations[istio.io/dry-run]']],
  ['dry run of another kind', peerAuthentication({}, { annotations: { 'istio.io/dry-run': 'true' } }), ['dry-run-unsupported metadata.annotations[istio.io/dry-run]']],
  ['jwksUri empty', withJwt({ jwksUri: '' }), [`jwksuri-empty ${jwt}.jwksUri`]],
  ['jwksUri under both names', withJwt({ jwksUri: 'https://a', jwks_uri: 'https://a' }), [`jwks-and-jwksuri ${jwt}`]],
  ['a number as issuer', withJwt({ issuer: 1 }), [`type-wrong ${jwt}.issuer`]],
  ['text as a boolean', withJwt({ forwardOriginalToken: 'true' }), [`type-wrong ${jwt}.forwardOriginalToken`]],
  ['a timeout of half a millisecond more', withJwt({ timeout: '1500us' }), [`timeout-precision ${jwt}.timeout`]],
  ['65 space-delimited claims', withJwt({ spaceDelimitedClaims: Array.from({ length: 65 }, (_, i) => `c${i}`) }), [`spacedelimited-too-many ${jwt}.spaceDelimitedClaims`]],
  ['a port as JSON number would be', peerAuthentication({ selector: { matchLabels: { a: 'b' } }, portLevelMtls: { '080': {} } }), ['type-wrong spec.portLevelMtls[080]']],
  ['an entry without spec', { ...workloadEntry({}), spec: undefined }, ['address-missing spec.address', 'spec-missing spec']],
  ['an entry without address', workloadEntry({}), ['address-missing spec.address']],
  ['an entry with a socket and ports', workloadEntry({ address: 'unix://@foo', ports: { http: 80 } }), ['uds-ports spec.ports']],
  ['an entry with a relative socket', workloadEntry({ address: 'unix://foo' }), ['uds-path spec.address']],
  ['an entry with a directory', workloadEntry({ address: 'unix:///dir/' }), ['uds-path spec.address']],
  ['an entry at no name', workloadEntry({ address: 'a_b' }), ['address-bad spec.address']],
  ['an entry at 010.1.1.1', workloadEntry({ address: '010.1.1.1' }), ['address-bad spec.address']],
  ['an entry with port 0', workloadEntry({ address: '::1', ports: { http: 0 } }), ['workload-port spec.ports[http]']],
  ['an entry with port @', workloadEntry({ address: '::1', ports: { '@': 80 } }), ['workload-port-name spec.ports[@]']],
  ['an entry with a bad label', workloadEntry({ address: '::1', labels: { a: '-' } }), ['label-bad spec.labels[a]']],
]

for (const [name, document, want] of refused) {
  test(`validate: ${name} is refused`, () => {
    const { resource, errors } = validateResource(document)
    assert.equal(resource, null)
    assert.deepEqual(codesAndPaths(errors), [...want].sort())
  })
}

const accepted: readonly (readonly [string, unknown])[] = [
  ['v1beta1', { ...allow, apiVersion: 'security.istio.io/v1beta1' }],
  ['no spec', { ...allow, spec: undefined }],
  ['dry run', authorizationPolicy({ rules: RULES }, { annotations: { 'istio.io/dry-run': 'F' } })],
  ['hostile 96: an address in 4-in-6', withSource({ ipBlocks: ['::ffff:10.0.0.1', '::ffff:10.0.0.0/104'] })],
  ['hostile 93: stars in the middle', withSource({ principals: ['*.abc*', '**', 'a*b'] })],
  ['hostile 92: regex signs', withSource({ principals: ['a.b|c/ns/(.*)/sa/x'] })],
  ['hostile 94: ALLOW without rules', authorizationPolicy({ rules: [] })],
  ['an entry at a name', workloadEntry({ address: 'db.example.com.', serviceAccount: 'db' })],
  [
    'an entry at a path',
    { ...workloadEntry({ address: 'unix:///run/a' }), apiVersion: 'networking.istio.io/v1alpha3' },
  ],
  ['status', { ...allow, status: { conditions: [] } }],
]
for (const [name, document] of accepted) {
  test(`validate: ${name} is accepted`, () => assert.deepEqual(validateResource(document).errors, []))
}

test('validate: near misses are suggested', () => {
  const suggestion = (document: unknown) =>
    validateResource(document).errors.find((error) => error.suggestion)?.suggestion
  assert.equal(suggestion(withSource({ princpals: ['a'] })), 'principals')
  assert.equal(suggestion({ ...allow, kind: 'AuthorisationPolicy' }), 'AuthorizationPolicy')
  assert.equal(suggestion({ ...allow, apiVersion: 'v1' }), 'security.istio.io/v1')
  assert.equal(suggestion(authorizationPolicy({ action: 'deny' })), 'DENY')
  assert.equal(
    suggestion(authorizationPolicy({ rules: [{ when: [{ key: 'request.header[a]', values: ['a'] }] }] })),
    'request.headers',
  )
  assert.equal(suggestion({ ...allow, metadata: { name: 'p', namspace: 'a' } }), 'namespace')
})

test('validate: jwks_uri is stored as jwksUri', () => {
  const { spec } = validated(requestAuthentication({ jwtRules: [{ jwks_uri: 'https://a/b' }] }))
  assert.deepEqual(spec, { jwtRules: [{ jwksUri: 'https://a/b' }] })
})

test('validate: the copy is in the order of the schema, whatever the order of the document', () => {
  const one = validated(
    authorizationPolicy({ rules: [], action: 'ALLOW', selector: { matchLabels: { b: 'x', a: 'y' } } }),
  )
  const other = validated(
    authorizationPolicy({ selector: { matchLabels: { a: 'y', b: 'x' } }, action: 'ALLOW', rules: [] }),
  )
  assert.equal(JSON.stringify(one), JSON.stringify(other))
})

test('validate: what two layers say of one place is one finding for people', () => {
  const { errors } = validateResource(authorizationPolicy({ action: 'BLOCK' }))
  assert.deepEqual(
    errors.map(({ layer }) => layer),
    ['decode', 'schema'],
  )
  assert.equal(toDistinctFindings(errors).length, 1)
})

test('validate: hostile 102: a document full of faults gets a bounded answer', () => {
  const { errors } = validateResource(withSource({ ipBlocks: Array.from({ length: 100_000 }, () => '\u001b[31m\n') }))
  assert.equal(errors.length, 200)
  assert.match(errors[0]?.message ?? '', /^[\x20-\x7e]+$/)
})
