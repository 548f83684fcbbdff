import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toRetired, toRevoked, toTainted } from '../../../../src/ca/rotation/to-gone.ts'
import { both } from '../../../../src/ca/rotation/transition.ts'
import {
  AFTER_INTERMEDIATE,
  activated,
  DRAINS,
  draining,
  FIRST,
  ROOT_DRAINS,
  ROOT_PREPARED,
  RUNNING,
  toRoot2,
} from '../../../support/rotation-states.ts'
import { AT, authority, rotation, viewOf } from '../../../support/rotation-view.ts'
import {
  type Allowed,
  type Moved,
  type Refused,
  testAllowed,
  testMoved,
  testRefused,
} from '../../../support/transition-cases.ts'

const allowed: Allowed = [
  [
    'an old root leaves with what is below',
    ROOT_DRAINS,
    (view) => toRetired(view, 'r1', AT),
    'r1 retired, i1 retired',
    '+',
  ],
  ['an old intermediate leaves alone', ROOT_DRAINS, (view) => toRetired(view, 'i1', AT), 'i1 retired', ''],
  ['a prepared root is given up', ROOT_PREPARED, (view) => toRetired(view, 'r2', AT), 'r2 retired', '+'],
  ['an old root is tainted and stays', ROOT_DRAINS, (view) => toTainted(view, 'r1', AT), 'r1 tainted, i1 tainted', '+'],
  ['an old root is revoked', ROOT_DRAINS, (view) => toRevoked(view, 'r1', AT), 'r1 revoked, i1 revoked', '+'],
  [
    'an active root is revoked while another takes over',
    ROOT_PREPARED,
    (view) => both(view, toRoot2(view), (after) => toRevoked(after, 'r1', AT)),
    'r1 revoked, i1 revoked, r2 active, i2 active',
    '+',
  ],
]
testAllowed(allowed)

const refused: Refused = [
  ['the active root is retired', ROOT_DRAINS, (view) => toRetired(view, 'r2', AT)],
  ['the last active root is tainted', FIRST, (view) => toTainted(view, 'r1', AT)],
  ['the last active root is revoked', FIRST, (view) => toRevoked(view, 'r1', AT)],
  ['the last active intermediate is revoked', FIRST, (view) => toRevoked(view, 'i1', AT)],
  [
    'a root is retired while an intermediate below it signs',
    viewOf([authority('r1', draining), authority('i1'), authority('r2')]),
    (view) => toRetired(view, 'r1', AT),
  ],
]
testRefused(refused)

const moved: Moved = [
  ['its old root leaves', DRAINS, (view) => toRetired(view, 'r1', AT), 'rot done'],
  ['its old root is revoked after the new one took over', DRAINS, (view) => toRevoked(view, 'r1', AT), 'rot done'],
  ['its old root is tainted after the new one took over', DRAINS, (view) => toTainted(view, 'r1', AT), 'rot done'],
  ['its new root is given up', RUNNING, (view) => toRetired(view, 'r2', AT), 'rot aborted'],
  ['its new root is tainted', RUNNING, (view) => toTainted(view, 'r2', AT), 'rot aborted'],
  [
    'a root takes its old intermediate along',
    AFTER_INTERMEDIATE,
    (view) => toRetired(view, 'r1', AT),
    'of intermediates done',
  ],
]
testMoved(moved)

test('a transition of nobody', () => {
  assert.throws(() => toRetired(FIRST, 'r9', AT), { code: 'resource.not_found' })
})

test('an ended rotation never changes when its authorities go', () => {
  const ended = viewOf(ROOT_DRAINS.authorities, [rotation({ ...activated, state: 'done', endedAt: 2 })])
  assert.deepEqual(toRetired(ended, 'r1', AT).rotations, [])
})
