import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkloadReference } from '../../../src/decide/decide.ts'
import { findWorkload, toDeclaredPorts, toWorkload } from '../../../src/decide/find-workload.ts'
import { entry, setOf } from '../../support/resource-sets.ts'

const set = setOf([
  entry('web-1', { address: '10.0.0.1', serviceAccount: 'web', labels: { app: 'web', pod: '1' } }),
  entry('web-2', { address: '10.0.0.2', serviceAccount: 'web', labels: { app: 'web', pod: '2' } }),
  entry('db', { address: '10.0.0.3', serviceAccount: 'db', ports: { 'tcp-db': 5432, 'http-admin': 8080, odd: 7 } }),
  entry('twin-1', { address: '10.0.0.9', serviceAccount: 'twin' }),
  entry('twin-2', { address: '10.0.0.9', serviceAccount: 'twin' }),
])
const identity = (account: string, address: string | null = null) =>
  ({ by: 'identity', identity: `spiffe://td1/ns/foo/sa/${account}`, address }) as const

type Stored = Exclude<WorkloadReference, { readonly by: 'inline' }>
const cases: readonly (readonly [what: string, reference: Stored, found: string])[] = [
  ['by its name', { by: 'name', namespace: 'foo', name: 'db' }, 'db'],
  ['by its address', { by: 'address', address: '10.0.0.3' }, 'db'],
  ['by its address as IPv4-mapped IPv6', { by: 'address', address: '::ffff:10.0.0.3' }, 'db'],
  ['by its service account', identity('db'), 'db'],
  ['by its service account wherever it listens', identity('db', '127.0.0.1'), 'db'],
  ['by service account and address', identity('web', '10.0.0.2'), 'web-2'],
  ['an account without entries by its namespace', identity('none'), 'namespace foo'],
  ['an alias of the trust domain', { ...identity('db'), identity: 'spiffe://td2/ns/foo/sa/db' }, 'db'],
]
for (const [what, reference, wanted] of cases) {
  test(`a workload is found ${what}`, () => {
    const found = findWorkload(set, reference, ['td1', 'td2'])
    assert.equal('entry' in found ? found.entry.metadata.name : `namespace ${found.namespace}`, wanted)
  })
}

const ambiguous: readonly (readonly [what: string, reference: Stored])[] = [
  ['several entries of an account, no address', identity('web')],
  ['several entries of an account, none at the address', identity('web', '10.9.9.9')],
  ['two entries at one address', identity('twin', '10.0.0.9')],
  ['two entries at the address that is asked about', { by: 'address', address: '10.0.0.9' }],
  ['nothing at the address', { by: 'address', address: '10.9.9.9' }],
  ['an identity that is no service account', { ...identity('x'), identity: 'spiffe://td1/foo' }],
  ['an identity of another trust domain', { ...identity('x'), identity: 'spiffe://td9/ns/foo/sa/db' }],
  ['an identity that is no SPIFFE ID', { ...identity('x'), identity: 'https://td1/ns/foo/sa/db' }],
]
for (const [what, reference] of ambiguous) {
  test(`${what}: ambiguous, never judged by fewer policies`, () => {
    assert.throws(() => findWorkload(set, reference, ['td1', 'td2']), { code: 'decision.workload_ambiguous' })
  })
}

test('a name that is not stored is not found', () => {
  const reference = { by: 'name', namespace: 'foo', name: 'x' } as const
  assert.throws(() => findWorkload(set, reference, ['td1']), { code: 'resource.not_found' })
})

test('ports: the prefix of the name is the protocol, an unknown one leaves it to be detected', () => {
  assert.deepEqual(
    [...toDeclaredPorts({ 'tcp-db': 5432, http: 80, 'grpc-web-x': 81, 'https-x': 443, odd: 7 })],
    [
      [5432, 'tcp'],
      [80, 'http'],
      [81, 'http'],
      [443, 'tcp'],
    ],
  )
})

test('an entry without ports treats each port as the proxy tells it', () => {
  assert.equal(toWorkload(findWorkload(set, identity('web', '10.0.0.1'), ['td1'])).ports, 'as-told')
  assert.equal(toWorkload(findWorkload(set, identity('none'), ['td1'])).ports, 'as-told')
})
