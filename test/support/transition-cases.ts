import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RotationView } from '../../src/ca/rotation/slots.ts'
import { type Transition, withTransition } from '../../src/ca/rotation/transition.ts'
import { AT, endsOf, statesOf } from './rotation-view.ts'

type Go = (view: RotationView) => Transition

/** What happens, in which state, and what changes; `+` where the bundle changes. */
export type Allowed = readonly (readonly [string, RotationView, Go, string, string])[]
/** What is refused, in which state. */
export type Refused = readonly (readonly [string, RotationView, Go])[]
/** What happens, in which state, and which rotations it moves. */
export type Moved = readonly (readonly [string, RotationView, Go, string])[]

export function testAllowed(cases: Allowed): void {
  for (const [what, view, go, states, change] of cases) {
    test(`transition: ${what}`, () => {
      const transition = go(view)
      assert.equal(statesOf(transition.authorities), states)
      assert.equal(transition.bundleSequence, change === '+' ? 6 : 5)
      const isNew = (id: string) => !view.authorities.some((one) => one.id === id)
      assert.ok(transition.authorities.every(({ id, changedAt }) => changedAt === AT || isNew(id)))
      const after = withTransition(view, transition).authorities.filter(({ state }) => state === 'active')
      assert.equal(new Set(after.map(({ kind }) => kind)).size, after.length, 'two of a kind sign')
    })
  }
}

export function testRefused(cases: Refused): void {
  for (const [what, view, go] of cases) {
    test(`transition refused: ${what}`, () => assert.throws(() => go(view), { code: 'authority.invalid_transition' }))
  }
}

export function testMoved(cases: Moved): void {
  for (const [what, view, go, end] of cases) {
    test(`rotation: ${what}`, () => {
      const changed = go(view).rotations
      assert.equal(endsOf(changed), end)
      for (const one of changed) assert.equal(one.endedAt, one.state === 'draining' ? null : AT)
    })
  }
}
