import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RotationView } from '../../../../src/ca/rotation/slots.ts'
import {
  both,
  type Transition,
  toAborted,
  toActive,
  toPrepared,
  toRetired,
  toRevoked,
  toTainted,
  withTransition,
} from '../../../../src/ca/rotation/transitions.ts'
import { AT, authority, endsOf, rotation, statesOf, viewOf } from '../../../support/rotation-view.ts'

const prepared = { state: 'prepared' } as const
const draining = { state: 'draining' } as const
const below2 = { issuer: 'r2' } as const
const i2 = authority('i2', { ...prepared, ...below2 })
const activated = { state: 'draining', activatedAt: 1 } as const

const FIRST = viewOf([authority('r1'), authority('i1')])
const ROOT_PREPARED = viewOf([authority('r1'), authority('i1'), authority('r2', prepared)])
const ROOT_DRAINS = viewOf([
  authority('r1', { ...draining, changedAt: 10 }),
  authority('i1', draining),
  authority('r2'),
  authority('i2', below2),
])
const INTERMEDIATE_PREPARED = viewOf([authority('r1'), authority('i1'), authority('i3', prepared)])

const toRoot2 = (view: RotationView) => toActive(view, { id: 'r2', successor: i2, now: AT })
const toIntermediate = (view: RotationView) => toActive(view, { id: 'i3', successor: null, now: AT })

/** What happens, in which state, and what changes; `+` where the bundle changes. */
const allowed: readonly (readonly [string, RotationView, (view: RotationView) => Transition, string, string])[] = [
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

for (const [what, view, go, states, change] of allowed) {
  test(`transition: ${what}`, () => {
    const transition = go(view)
    assert.equal(statesOf(transition.authorities), states)
    assert.equal(transition.bundleSequence, change === '+' ? 6 : 5)
    assert.ok(transition.authorities.every(({ id, changedAt }) => changedAt === AT || withNew(view, id)))
    const after = withTransition(view, transition).authorities.filter(({ state }) => state === 'active')
    assert.equal(new Set(after.map(({ kind }) => kind)).size, after.length, 'two of a kind sign')
  })
}

function withNew(view: RotationView, id: string): boolean {
  return !view.authorities.some((one) => one.id === id)
}

const EXPIRED_ROOT = viewOf([authority('r1'), authority('i1'), authority('r2', { ...prepared, notAfter: 50 })])
const refused: readonly (readonly [string, RotationView, (view: RotationView) => Transition])[] = [
  ['a second root is prepared', ROOT_PREPARED, (view) => toPrepared(view, [authority('r3', prepared)])],
  ['an active root is activated', FIRST, (view) => toActive(view, { id: 'r1', successor: i2, now: AT })],
  ['an expired root is activated', EXPIRED_ROOT, toRoot2],
  [
    'an intermediate of an old root is activated',
    viewOf([...ROOT_DRAINS.authorities, authority('i3', prepared)]),
    toIntermediate,
  ],
  ['the active root is retired', ROOT_DRAINS, (view) => toRetired(view, 'r2', AT)],
  ['the last active root is tainted', FIRST, (view) => toTainted(view, 'r1', AT)],
  ['the last active root is revoked', FIRST, (view) => toRevoked(view, 'r1', AT)],
  ['the last active intermediate is revoked', FIRST, (view) => toRevoked(view, 'i1', AT)],
  [
    'a root is retired while an intermediate below it signs',
    viewOf([authority('r1', draining), authority('i1'), authority('r2')]),
    (view) => toRetired(view, 'r1', AT),
  ],
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

for (const [what, view, go] of refused) {
  test(`transition refused: ${what}`, () => assert.throws(() => go(view), { code: 'authority.invalid_transition' }))
}

test('a transition of nobody', () => {
  assert.throws(() => toRetired(FIRST, 'r9', AT), { code: 'resource.not_found' })
})

const RUNNING = viewOf(ROOT_PREPARED.authorities, [rotation()])
const DRAINS = viewOf(ROOT_DRAINS.authorities, [rotation(activated)])
const BELOW = viewOf(
  [...ROOT_PREPARED.authorities, authority('i3', prepared)],
  [rotation({ id: 'of intermediates', kind: 'intermediate', from: 'i1', to: 'i3' })],
)
const AFTER_INTERMEDIATE = viewOf(ROOT_DRAINS.authorities, [
  rotation({ id: 'of intermediates', kind: 'intermediate', from: 'i1', to: 'i0', ...activated }),
])

const rotations: readonly (readonly [string, RotationView, (view: RotationView) => Transition, string])[] = [
  ['its new root signs', RUNNING, toRoot2, 'rot draining'],
  [
    'its new root signs and there was no old one',
    viewOf(ROOT_PREPARED.authorities, [rotation({ from: '' })]),
    toRoot2,
    'rot done',
  ],
  ['its old root leaves', DRAINS, (view) => toRetired(view, 'r1', AT), 'rot done'],
  ['its old root is revoked after the new one took over', DRAINS, (view) => toRevoked(view, 'r1', AT), 'rot done'],
  ['its old root is tainted after the new one took over', DRAINS, (view) => toTainted(view, 'r1', AT), 'rot done'],
  ['its new root is given up', RUNNING, (view) => toRetired(view, 'r2', AT), 'rot aborted'],
  ['its new root is tainted', RUNNING, (view) => toTainted(view, 'r2', AT), 'rot aborted'],
  ['its new root hands back', DRAINS, (view) => toAborted(view, 'r2', AT), 'rot aborted'],
  ['a root takes over above its intermediates', BELOW, toRoot2, 'of intermediates aborted'],
  [
    'a root takes its old intermediate along',
    AFTER_INTERMEDIATE,
    (view) => toRetired(view, 'r1', AT),
    'of intermediates done',
  ],
]

for (const [what, view, go, end] of rotations) {
  test(`rotation: ${what}`, () => {
    const changed = go(view).rotations
    assert.equal(endsOf(changed), end)
    for (const one of changed) assert.equal(one.endedAt, one.state === 'draining' ? null : AT)
  })
}

test('an ended rotation never changes', () => {
  const ended = viewOf(ROOT_DRAINS.authorities, [rotation({ ...activated, state: 'done', endedAt: 2 })])
  assert.deepEqual(toRetired(ended, 'r1', AT).rotations, [])
  assert.deepEqual(toAborted(ended, 'r2', AT).rotations, [])
})
