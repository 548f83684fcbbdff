import type { RotationView } from '../../src/ca/rotation/slots.ts'
import { toActive } from '../../src/ca/rotation/to-active.ts'
import { AT, authority, rotation, viewOf } from './rotation-view.ts'

export const prepared = { state: 'prepared' } as const
export const draining = { state: 'draining' } as const
export const below2 = { issuer: 'r2' } as const
export const i2 = authority('i2', { ...prepared, ...below2 })
export const activated = { state: 'draining', activatedAt: 1 } as const

export const FIRST = viewOf([authority('r1'), authority('i1')])
export const ROOT_PREPARED = viewOf([authority('r1'), authority('i1'), authority('r2', prepared)])
export const ROOT_DRAINS = viewOf([
  authority('r1', { ...draining, changedAt: 10 }),
  authority('i1', draining),
  authority('r2'),
  authority('i2', below2),
])
export const INTERMEDIATE_PREPARED = viewOf([authority('r1'), authority('i1'), authority('i3', prepared)])

export const toRoot2 = (view: RotationView) => toActive(view, { id: 'r2', successor: i2, now: AT })
export const toIntermediate = (view: RotationView) => toActive(view, { id: 'i3', successor: null, now: AT })

export const EXPIRED_ROOT = viewOf([authority('r1'), authority('i1'), authority('r2', { ...prepared, notAfter: 50 })])

export const RUNNING = viewOf(ROOT_PREPARED.authorities, [rotation()])
export const DRAINS = viewOf(ROOT_DRAINS.authorities, [rotation(activated)])
export const BELOW = viewOf(
  [...ROOT_PREPARED.authorities, authority('i3', prepared)],
  [rotation({ id: 'of intermediates', kind: 'intermediate', from: 'i1', to: 'i3' })],
)
export const AFTER_INTERMEDIATE = viewOf(ROOT_DRAINS.authorities, [
  rotation({ id: 'of intermediates', kind: 'intermediate', from: 'i1', to: 'i0', ...activated }),
])
