import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { toAdopted } from '../../../../src/ca/import/to-adopted.ts'
import type { RotationView } from '../../../../src/ca/rotation/slots.ts'
import type { AppError } from '../../../../src/kernel/errors.ts'

function authority(fields: Partial<Authority>): Authority {
  return {
    id: 'a'.repeat(40),
    kind: 'root',
    state: 'prepared',
    keyType: 'ec-p256',
    notBefore: 0,
    notAfter: 1,
    issuer: 'a'.repeat(40),
    certificate: '',
    createdAt: 0,
    publishedSequence: 0,
    changedAt: 0,
    chain: [],
    ...fields,
  }
}

const root = authority({})
const intermediate = authority({ id: 'b'.repeat(40), kind: 'intermediate' })
const view = (authorities: readonly Authority[]): RotationView => ({ authorities, rotations: [], bundleSequence: 7 })

test('a new root is published in the next bundle', () => {
  const { authorities, bundleSequence } = toAdopted(view([]), [root, intermediate])
  assert.equal(bundleSequence, 8)
  assert.deepEqual(authorities, [{ ...root, publishedSequence: 8 }, intermediate])
})

test('an intermediate of a known root publishes nothing', () => {
  assert.equal(toAdopted(view([{ ...root, state: 'active' }]), [intermediate]).bundleSequence, 7)
})

test('a renewed root is another bundle, and stays what it was', () => {
  const before = { ...root, state: 'active', publishedSequence: 3 } as const
  const { authorities, bundleSequence } = toAdopted(view([before]), [{ ...root, notAfter: 9 }])
  assert.equal(bundleSequence, 8)
  assert.deepEqual(authorities, [{ ...before, notAfter: 9 }])
})

test('while another of its kind is prepared it is refused', () => {
  const other = authority({ id: 'c'.repeat(40), kind: 'intermediate' })
  assert.throws(
    () => toAdopted(view([other]), [root, intermediate]),
    (error: AppError) => {
      return error.code === 'authority.invalid_transition' && error.seen === other.id
    },
  )
})

test('what happened to one since the import was judged stays as it is', () => {
  const judged = { ...root, state: 'prepared', changedAt: 5, createdAt: 5, notAfter: 9 } as const
  const now = { ...root, state: 'active', changedAt: 8, createdAt: 3, publishedSequence: 3, chain: ['cross'] } as const
  assert.deepEqual(toAdopted(view([now]), [judged]).authorities, [{ ...now, notAfter: 9 }])
})

test('a trusted root that begins to sign comes into that state by the import', () => {
  const trusted = { ...root, state: 'trusted', changedAt: 3, publishedSequence: 3 } as const
  const [adopted] = toAdopted(view([trusted]), [{ ...root, changedAt: 9 }]).authorities
  assert.deepEqual([adopted?.state, adopted?.changedAt, adopted?.publishedSequence], ['prepared', 9, 3])
})

for (const state of ['draining', 'retired', 'tainted'] as const) {
  test(`an intermediate whose root is ${state} by now is refused: it could never sign`, () => {
    const below = { ...intermediate, issuer: root.id }
    assert.throws(() => toAdopted(view([{ ...root, state }]), [below]), { code: 'authority.invalid_transition' })
    const known = { ...below, state: 'draining' } as const
    assert.equal(toAdopted(view([{ ...root, state }, known]), [below]).authorities[0]?.state, 'draining')
  })
}
