import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConstrainedName, permits } from '../../../src/pki/name-constraints.ts'
import fc from '../../support/fast-check.ts'

const NONE = { permitted: [], excluded: [] }
const td: ConstrainedName = { kind: 'URI', value: 'cluster.local' }
const dns: ConstrainedName = { kind: 'DNS', value: 'istiod.istio-system.svc' }
const ip: ConstrainedName = { kind: 'IP', value: '127.0.0.1' }

/** The rule, the name, whether a permitted and whether an excluded subtree of it lets the name through. */
const cases: readonly (readonly [rule: string, name: ConstrainedName, permitted: boolean, excluded: boolean])[] = [
  ['cluster.local', td, true, false],
  ['CLUSTER.local', td, true, false],
  ['local', td, false, false], // a host is no domain for RFC 5280, and is one for others
  ['.local', td, true, false],
  ['.cluster.local', td, false, false],
  ['luster.local', td, false, true],
  ['', td, false, false],
  ['svc', dns, true, false],
  ['.istio-system.svc', dns, true, false],
  ['stio-system.svc', dns, false, true],
  ['', dns, true, false],
  ['7f000000ff000000', ip, true, false],
  ['0a000000ff000000', ip, false, true],
  ['0000000000000000', ip, true, false],
  [`${'0'.repeat(62)}00`, ip, false, true],
  [`${'0'.repeat(31)}1${'f'.repeat(32)}`, { kind: 'IP', value: '::1' }, true, false],
  [`20010db8${'0'.repeat(24)}ffffffff${'0'.repeat(24)}`, { kind: 'IP', value: '2001:db8::7' }, true, false],
]

for (const [value, name, permitted, excluded] of cases) {
  test(`\`${value}\` and ${name.kind} ${name.value}`, () => {
    const rule = { kind: name.kind, value }
    assert.equal(permits({ ...NONE, permitted: [rule] }, name), permitted, 'permitted')
    assert.equal(permits({ ...NONE, excluded: [rule] }, name), excluded, 'excluded')
  })
}

test('rules of one kind say nothing of another', () => {
  assert.equal(permits({ ...NONE, permitted: [{ kind: 'DNS', value: 'x' }] }, td), true)
  assert.equal(permits(NONE, td), true)
})

test('no rule both permits and does not exclude a name', () => {
  const label = fc.stringMatching(/^[a-z]{0,3}$/)
  const rule = fc.array(label, { maxLength: 3 }).map((labels) => labels.join('.'))
  fc.assert(
    fc.property(rule, rule, fc.constantFrom('URI', 'DNS'), (value, name, kind) => {
      const isPermitted = permits({ ...NONE, permitted: [{ kind, value }] }, { kind, value: name })
      const isExcluded = !permits({ ...NONE, excluded: [{ kind, value }] }, { kind, value: name })
      return !isPermitted || isExcluded
    }),
  )
})
