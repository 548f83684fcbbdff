import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rule } from '../../../src/mesh/resource.ts'
import { matchesRule } from '../../../src/policy/compile-rule.ts'
import { toHeaders } from '../../../src/policy/headers.ts'
import fc from '../../support/fast-check.ts'
import { attributes, authorizationOf, authorizationPolicy } from '../../support/policies.ts'

const values = <T>(...all: T[]) => fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 2 })
const field = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] }).filter((record) => Object.keys(record).length > 0)

const source = field({
  principals: values('td1/ns/foo/sa/a', 'td1/ns/foo/sa/b', 'td1/ns/*', '*'),
  namespaces: values('foo', 'bar', 'f*'),
  notNamespaces: values('bar'),
  serviceAccounts: values('a', 'bar/b'),
  requestPrincipals: values('i/s', 'i/*'),
  ipBlocks: values('10.1.0.0/16', '10.2.0.0/16'),
})
const operation = field({
  methods: values('GET', 'POST', 'P*'),
  paths: values('/a', '/a/b', '/a*', '/*', '*b', '/{*}'),
  notPaths: values('/a/b'),
  hosts: values('shop', 'SHOP', '*.example'),
  ports: values('8080', '9000'),
})
const condition = fc.record({
  key: fc.constantFrom(
    'request.headers[h]',
    'request.auth.claims[c]',
    'request.auth.principal',
    'source.namespace',
    'destination.port',
    'connection.sni',
  ),
  values: values('8080', 'foo', 'v', 'v*', 'i/s'),
})
const rule: fc.Arbitrary<Rule> = fc.record(
  {
    from: fc.array(
      source.map((one) => ({ source: one })),
      { minLength: 1, maxLength: 2 },
    ),
    to: fc.array(
      operation.map((one) => ({ operation: one })),
      { minLength: 1, maxLength: 2 },
    ),
    when: fc.array(condition, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Rule>

const seen = fc
  .record({
    peer: fc.constantFrom(
      [],
      ['spiffe://td1/ns/foo/sa/a'],
      ['spiffe://td2/ns/bar/x/sa/b'],
      ['spiffe://td1/ns/foo/sa/b', 'spiffe://td1/x'],
    ),
    port: fc.constantFrom(0, 8080, 9000),
    sni: fc.constantFrom(null, 'foo', 'v'),
    sourceIp: fc.constantFrom('', '10.1.2.3'),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.constantFrom('/', '/a', '/a/b', '/ab', '/b'),
    host: fc.constantFrom('shop', 'SHOP', 'x.example', ''),
    header: fc.array(fc.constantFrom('v', 'foo', 'v,foo', ''), { maxLength: 2 }),
    joined: fc.boolean(),
    claim: fc.constantFrom(undefined, 'v', ['v', 'foo'], 7),
  })
  .map(({ peer, port, sni, sourceIp, method, path, host, header, joined, claim }) =>
    attributes({
      peerSans: peer,
      port,
      sni,
      sourceIp,
      http: {
        method,
        path,
        host,
        headers: { ...toHeaders(header.map((value) => ['h', value])), joined },
        claims: claim === undefined ? null : { c: claim, iss: 'i', sub: 's' },
      },
    }),
  )

for (const action of ['ALLOW', 'DENY'] as const) {
  test(`the index finds the rule that a scan in the order of names finds first (${action})`, () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 9, maxLength: 30 }),
        fc.array(seen, { minLength: 5, maxLength: 5 }),
        (rules, requests) => {
          const policies = rules.map((one, i) => authorizationPolicy(`p${i}`, [one], { action }))
          const { allow, deny } = authorizationOf(policies)
          const set = action === 'ALLOW' ? allow : deny
          assert.ok(set !== null)
          for (const request of requests) {
            const scanned: { readonly name: string } | null = set.rules.find((one) => matchesRule(one, request)) ?? null
            assert.equal(set.firstMatch(request)?.name, scanned?.name)
          }
        },
      ),
      { numRuns: 400 },
    )
  })
}

test('rules are reported by the byte-wise lowest name: rule[10] before rule[2]', () => {
  const rules = Array.from({ length: 12 }, (_, i) =>
    i === 2 || i === 10 ? {} : { to: [{ operation: { methods: ['PUT'] } }] },
  )
  const { deny } = authorizationOf([authorizationPolicy('p', rules, { action: 'DENY' })])
  assert.equal(deny?.firstMatch(attributes())?.name, 'ns[foo]-policy[p]-rule[10]')
})
