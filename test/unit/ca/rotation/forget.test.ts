import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { forgettable, toForgotten } from '../../../../src/ca/rotation/forget.ts'
import { authority, rotation, viewOf } from '../../../support/rotation-view.ts'

const DAY = 86_400
/** Lives end at 1000, clocks may be 10 s behind, retention is two days. */
const PLAN = { retainSeconds: 2 * DAY, skewSeconds: 10 }
const END = 1000 + 10 + 2 * DAY
const retired = { state: 'retired' } as const

const cases: readonly (readonly [string, readonly Authority[], number, string])[] = [
  ['a retired root', [authority('r1', retired)], END + 1, 'r1'],
  ['a revoked key', [authority('j1', { state: 'revoked' })], END + 1, 'j1'],
  ['not before retention is over', [authority('r1', retired)], END, ''],
  ['not before it is over since it left', [authority('r1', { ...retired, changedAt: 2_000_000 })], END + 1, ''],
  ['a root with all that was below it', [authority('r1', retired), authority('i1', retired)], END + 1, 'r1 i1'],
  ['nobody who is trusted', ['active', 'draining', 'tainted', 'trusted', 'prepared'].map(inState), END + 1, ''],
  ['intermediates of a root that goes on', [authority('r1'), authority('i1', retired), authority('i2')], END + 1, 'i1'],
  [
    'all but the last intermediate of a root that stays: it says that the root has signed',
    [authority('r1', { ...retired, notAfter: END }), authority('i1', retired), authority('i2', retired)],
    END + 1,
    'i1',
  ],
]

function inState(state: string): Authority {
  return authority(`r-${state}`, { state: state as Authority['state'] })
}

for (const [what, all, now, want] of cases) {
  test(`forgotten: ${what}`, () => {
    const found = forgettable(viewOf(all), now * 1000, PLAN)
    assert.equal(found.map(({ id }) => id).join(' '), want)
  })
}

test('nobody is forgotten where retention is off', () => {
  const plan = { ...PLAN, retainSeconds: null }
  assert.deepEqual(forgettable(viewOf([authority('r1', retired)]), END * 2000, plan), [])
})

test('without retention an authority stays for a day all the same: its CRLs name it for as long', () => {
  const plan = { ...PLAN, retainSeconds: 0 }
  const count = (now: number) => forgettable(viewOf([authority('r1', retired)]), now * 1000, plan).length
  assert.deepEqual([count(1010 + DAY), count(1011 + DAY)], [0, 1])
})

test('rotations go with their new authority, and all but the last hundred that have ended', () => {
  const done = (id: string, endedAt: number) => rotation({ id, to: id, state: 'done', endedAt })
  const many = Array.from({ length: 101 }, (_, index) => done(`rot${index}`, 10 + index))
  const view = viewOf([authority('r1', retired)], [rotation({ id: 'running', to: 'r9' }), ...many])
  assert.deepEqual(toForgotten(view, [])?.forgotten, ['rot0'])
  const gone = toForgotten(viewOf(view.authorities, [done('r1', 5)]), view.authorities)
  assert.deepEqual(gone?.forgotten, ['r1', 'r1'])
  assert.equal(toForgotten(viewOf(view.authorities, many.slice(1)), []), null)
})
