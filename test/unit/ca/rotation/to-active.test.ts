import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toActive, toPrepared } from '../../../../src/ca/rotation/to-active.ts'
import {
  BELOW,
  EXPIRED_ROOT,
  FIRST,
  INTERMEDIATE_PREPARED,
  i2,
  prepared,
  ROOT_DRAINS,
  ROOT_PREPARED,
  RUNNING,
  toIntermediate,
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
  ['a root is published', FIRST, (view) => toPrepared(view, [authority('r2', prepared)]), 'r2 prepared', '+'],
  ['an intermediate is not', FIRST, (view) => toPrepared(view, [authority('i3', prepared)]), 'i3 prepared', ''],
  ['a JWT key is published', FIRST, (view) => toPrepared(view, [authority('j1', prepared)]), 'j1 prepared', '+'],
  [
    'a root takes over with an intermediate',
    ROOT_PREPARED,
    toRoot2,
    'r1 draining, i1 draining, r2 active, i2 active',
    '',
  ],
  ['an intermediate takes over', INTERMEDIATE_PREPARED, toIntermediate, 'i1 draining, i3 active', ''],
  [
    'what waits below the old root is given up',
    viewOf([...ROOT_PREPARED.authorities, authority('i3', prepared)]),
    toRoot2,
    'i3 retired, r1 draining, i1 draining, r2 active, i2 active',
    '',
  ],
]
testAllowed(allowed)

const refused: Refused = [
  ['a second root is prepared', ROOT_PREPARED, (view) => toPrepared(view, [authority('r3', prepared)])],
  ['an active root is activated', FIRST, (view) => toActive(view, { id: 'r1', successor: i2, now: AT })],
  ['an expired root is activated', EXPIRED_ROOT, toRoot2],
  [
    'an intermediate of an old root is activated',
    viewOf([...ROOT_DRAINS.authorities, authority('i3', prepared)]),
    toIntermediate,
  ],
]
testRefused(refused)

const moved: Moved = [
  ['its new root signs', RUNNING, toRoot2, 'rot draining'],
  [
    'its new root signs and there was no old one',
    viewOf(ROOT_PREPARED.authorities, [rotation({ from: '' })]),
    toRoot2,
    'rot done',
  ],
  ['a root takes over above its intermediates', BELOW, toRoot2, 'of intermediates aborted'],
]
testMoved(moved)

test('a transition of one that is not valid: by this clock it has ended, or not begun', () => {
  const change = { ...prepared, notBefore: 60, notAfter: 70 }
  const view = viewOf([...FIRST.authorities, authority('r2', change)])
  for (const now of [59_000, 70_000]) {
    const early = () => toActive(view, { id: 'r2', successor: i2, now })
    assert.throws(early, { code: 'authority.invalid_transition' })
  }
  assert.ok(toActive(view, { id: 'r2', successor: i2, now: 60_000 }))
})
