import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Authority, AuthorityState, Rotation } from '../authority.ts'
import type { RotationView } from './slots.ts'

/** What one transaction changes: authorities and rotations by id, and the sequence of the bundle. */
export interface Transition {
  readonly authorities: readonly Authority[]
  readonly rotations: readonly Rotation[]
  readonly bundleSequence: number
  /** Ids of authorities and of rotations that nobody has to know any more; absent: none. */
  readonly forgotten?: readonly string[]
}

/** Refused: the authority cannot go there from where it is. */
export function invalid(message: string): AppError {
  return new AppError('authority.invalid_transition', message)
}

/** A transition that moves no authority. */
export function unchanged({ bundleSequence }: RotationView): Transition {
  return { authorities: [], rotations: [], bundleSequence }
}

/** One transition after the other, as one. */
export function both(view: RotationView, first: Transition, second: (after: RotationView) => Transition): Transition {
  const after = withTransition(view, first)
  const then = second(after)
  return {
    authorities: merge(first.authorities, then.authorities),
    rotations: merge(first.rotations, then.rotations),
    bundleSequence: then.bundleSequence,
    forgotten: [...(first.forgotten ?? []), ...(then.forgotten ?? [])],
  }
}

/** What is known after the transition. */
export function withTransition(
  view: RotationView,
  { authorities, rotations, bundleSequence, forgotten = [] }: Transition,
): RotationView {
  const gone = new Set(forgotten)
  const isKnown = ({ id }: { readonly id: string }) => !gone.has(id)
  return {
    authorities: merge(view.authorities, authorities).filter(isKnown),
    rotations: merge(view.rotations, rotations).filter(isKnown),
    bundleSequence,
  }
}

/** The authority of this id; `resource.not_found` when there is none. */
export function find(view: RotationView, id: string): Authority {
  const authority = view.authorities.find((one) => one.id === id)
  if (authority !== undefined) return authority
  throw new AppError('resource.not_found', 'there is no such authority: see `alcazar authority list`')
}

/** The authority as it is from `now` on. */
export function inState(authority: Authority, state: AuthorityState, now: UnixMillis): Authority {
  return { ...authority, state, changedAt: now }
}

/**
 * The rotations that end with authorities that go: done when the old one goes after the new one took over, aborted when
 * either goes before.
 */
export function ended(view: RotationView, gone: readonly Authority[], now: UnixMillis): readonly Rotation[] {
  const ids = new Set(gone.map(({ id }) => id))
  return view.rotations
    .filter(({ endedAt, from, to }) => endedAt === null && (ids.has(from) || ids.has(to)))
    .map((rotation) => {
      const isDone = ids.has(rotation.from) && rotation.activatedAt !== null
      return { ...rotation, state: isDone ? 'done' : 'aborted', endedAt: now }
    })
}

function merge<T extends { readonly id: string }>(before: readonly T[], changed: readonly T[]): readonly T[] {
  const byId = new Map(before.map((one) => [one.id, one]))
  for (const one of changed) byId.set(one.id, one)
  return [...byId.values()]
}
