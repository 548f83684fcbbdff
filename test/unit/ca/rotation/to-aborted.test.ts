import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toAborted } from '../../../../src/ca/rotation/to-aborted.ts'
import {
  activated,
  below2,
  DRAINS,
  FIRST,
  prepared,
  ROOT_DRAINS,
  ROOT_PREPARED,
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
  ['a prepared root is aborted', ROOT_PREPARED, (view) => toAborted(view, 'r2', AT), 'r2 retired', '+'],
  [
    'an active root hands back',
    ROOT_DRAINS,
    (view) => toAborted(view, 'r2', AT),
    'r2 draining, r1 active, i2 draining, i1 active',
    '',
  ],
  [
    'what waits below the root that hands back is given up',
    viewOf([...ROOT_DRAINS.authorities, authority('i3', { ...prepared, ...below2 })]),
    (view) => toAborted(view, 'r2', AT),
    'i3 retired, r2 draining, r1 active, i2 draining, i1 active',
    '',
  ],
]
testAllowed(allowed)

const refused: Refused = [
  ['the first root is aborted', FIRST, (view) => toAborted(view, 'r1', AT)],
  ['an old root is aborted', ROOT_DRAINS, (view) => toAborted(view, 'r1', AT)],
  ['an intermediate hands back to one of another root', ROOT_DRAINS, (view) => toAborted(view, 'i2', AT)],
  [
    'a root hands back to one that has expired',
    viewOf(ROOT_DRAINS.authorities.map((one) => (one.id === 'r1' ? { ...one, notAfter: 50 } : one))),
    (view) => toAborted(view, 'r2', AT),
  ],
  [
    'a root hands back to one whose intermediate has left',
    viewOf(ROOT_DRAINS.authorities.map((one) => (one.id === 'i1' ? { ...one, state: 'retired' } : one))),
    (view) => toAborted(view, 'r2', AT),
  ],
]
testRefused(refused)

const moved: Moved = [['its new root hands back', DRAINS, (view) => toAborted(view, 'r2', AT), 'rot aborted']]
testMoved(moved)

test('an ended rotation never changes when its authority hands back', () => {
  const ended = viewOf(ROOT_DRAINS.authorities, [rotation({ ...activated, state: 'done', endedAt: 2 })])
  assert.deepEqual(toAborted(ended, 'r2', AT).rotations, [])
})
