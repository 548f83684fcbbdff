import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationPolicy, Rule } from '../../../../src/mesh/resource.ts'
import { type Change, nearestMiss } from '../../../../src/policy/explain/nearest-miss.ts'
import { attributes, authorizationOf, authorizationPolicy as policy } from '../../../support/policies.ts'

const changesFor = (policies: readonly AuthorizationPolicy[], seen = attributes()): readonly Change[] | null =>
  nearestMiss(authorizationOf(policies), seen)?.changes ?? null
const to = (operation: object): Rule => ({ to: [{ operation }] })
const from = (source: object): Rule => ({ from: [{ source }] })

const cases: readonly (readonly [
  what: string,
  policies: readonly AuthorizationPolicy[],
  changes: readonly Change[] | null,
])[] = [
  ['the method', [policy('p', [to({ methods: ['POST'] })])], [{ attribute: 'method', seen: ['GET'], to: 'POST' }]],
  ['the path', [policy('p', [to({ paths: ['/api/*'] })])], [{ attribute: 'path', seen: ['/'], to: '/api/' }]],
  [
    'the identity',
    [policy('p', [from({ principals: ['td1/ns/bar/sa/b'] })])],
    [{ attribute: 'source.principal', seen: ['spiffe://td1/ns/foo/sa/a'], to: 'spiffe://td1/ns/bar/sa/b' }],
  ],
  [
    'the rule that is nearest',
    [policy('p', [{ ...from({ namespaces: ['bar'] }), ...to({ methods: ['PUT'] }) }, to({ methods: ['PUT'] })])],
    [{ attribute: 'method', seen: ['GET'], to: 'PUT' }],
  ],
  [
    'two things where one is not enough',
    [policy('p', [{ to: [{ operation: { methods: ['PUT'], ports: ['9000'] } }] }])],
    [
      { attribute: 'destination.port', seen: ['8080'], to: '9000' },
      { attribute: 'method', seen: ['GET'], to: 'PUT' },
    ],
  ],
  [
    'away from a DENY rule',
    [policy('d', [to({ methods: ['GET'] })], { action: 'DENY' })],
    [{ attribute: 'method', seen: ['GET'], to: 'OPTIONS' }],
  ],
  [
    'a header to leave out or to send',
    [policy('p', [{ when: [{ key: 'request.headers[x-env]', values: ['prod'] }] }])],
    [{ attribute: 'request.headers[x-env]', seen: [], to: 'prod' }],
  ],
  ['nothing helps against an ALLOW without rules', [policy('p', [])], null],
  ['nothing helps against a DENY of everything', [policy('d', [{}], { action: 'DENY' })], null],
]
for (const [what, policies, changes] of cases) {
  test(`nearest miss: ${what}`, () => assert.deepEqual(changesFor(policies), changes))
}

test('nearest miss: the search ends soon, whatever the number of rules', () => {
  const contrary = (_: unknown, i: number): Rule => ({
    when: [{ key: 'request.headers[x-a]', values: [`*-${i}`], notValues: [`*${i}`] }],
  })
  const policies = [policy('p', Array.from({ length: 20_000 }, contrary))]
  let looked = 0
  const values = () => {
    looked++
    return []
  }
  const headers = { joined: false, values, entries: () => [] }
  assert.equal(changesFor(policies, attributes({ http: { headers } })), null)
  assert.ok(looked < 1_000_000, `${looked} looks`)
})

test('nearest miss: what leaves a DENY rule goes where an ALLOW rule wants it', () => {
  const policies = [policy('p', [to({ paths: ['/api/*'] })]), policy('d', [to({ paths: ['/'] })], { action: 'DENY' })]
  assert.deepEqual(changesFor(policies), [{ attribute: 'path', seen: ['/'], to: '/api/' }])
})

test('nearest miss: a change that a DENY rule would catch is not offered', () => {
  const policies = [
    policy('p', [to({ methods: ['PUT', 'POST'] })]),
    policy('d', [to({ methods: ['PUT'] })], { action: 'DENY' }),
  ]
  assert.deepEqual(changesFor(policies), [{ attribute: 'method', seen: ['GET'], to: 'POST' }])
})
