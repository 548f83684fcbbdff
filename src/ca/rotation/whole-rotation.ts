import { randomUUID } from 'node:crypto'
import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { AuthorityKind, Rotation } from '../authority.ts'
import type { PrepareCommand } from './commands.ts'
import { type RotationView, running } from './slots.ts'
import { invalid, type Transition, unchanged } from './transition.ts'

/** `authority.invalid_transition` names the rotation of the kind that runs, if one does. */
export function refuseRunning(view: RotationView, kind: AuthorityKind): void {
  const other = running(view, kind)
  if (other === undefined) return
  const since = new Date(other.startedAt).toISOString()
  const message = `rotation \`${other.id}\` of the ${kind} runs since ${since}: follow it or abort it`
  throw new AppError('authority.invalid_transition', message, { seen: other.id })
}

/** A rotation that begins. */
export function toRotation(
  { kind, reason, actor }: PrepareCommand,
  { from, to, startedAt }: { readonly from: string; readonly to: string; readonly startedAt: UnixMillis },
): Rotation {
  const none = { activatedAt: null, endedAt: null, forced: false }
  return { id: `rot_${randomUUID()}`, kind, from, to, state: 'distributing', reason, actor, startedAt, ...none }
}

/** Lets the rotation of this id, or of this new authority, go on without waiting. */
export function toForced(view: RotationView, id: string): Transition {
  const rotation = view.rotations.find((one) => one.id === id || (one.to === id && one.endedAt === null))
  if (rotation === undefined) throw new AppError('resource.not_found', 'there is no such rotation')
  if (rotation.endedAt !== null) throw invalid(`the rotation is ${rotation.state}`)
  return { ...unchanged(view), rotations: [{ ...rotation, forced: true }] }
}

/** The authority that an abort of this id is about; null where it was aborted before. */
export function aimOfAbort(view: RotationView, id: string): string | null {
  const rotation = view.rotations.find((one) => one.id === id)
  if (rotation === undefined) {
    const isDone = view.authorities.some((one) => one.id === id && ['retired', 'draining'].includes(one.state))
    return isDone ? null : id
  }
  if (rotation.state === 'done') throw invalid('the rotation is done: its old authority has left the bundle')
  return rotation.state === 'aborted' ? null : rotation.to
}
