import { type Static, Type } from 'typebox'
import type { AuthorityKind, Rotation } from '../../ca/authority.ts'
import type { Outlook } from '../../ca/rotation/outlook.ts'
import { active, prepared } from '../../ca/rotation/slots.ts'
import { foreseeRotation, type Timetable, timetableOf } from '../../ca/rotation/timetable.ts'
import { AppError } from '../../kernel/errors.ts'
import { Kind, toWaiting, Waiting } from './authority-fields.ts'
import { Timestamp } from './fields.ts'
import { toMillisTimestamp, toTimestamp } from './time.ts'

const TimetableStep = Type.Object({
  name: Type.Enum(['prepare', 'activate', 'retire', 'abort']),
  at: Type.String({ description: 'When it was done, or when it will be at the latest; RFC 3339, UTC' }),
  done: Type.Boolean(),
})

/** A rotation as the API shows it. */
export const RotationItem = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], { description: 'Null in a dry run' }),
  kind: Kind,
  from: Type.Union([Type.String(), Type.Null()], { description: 'Id of the authority that it takes out of use' }),
  to: Type.Union([Type.String(), Type.Null()], { description: 'Id of the new one; null where it is not made yet' }),
  state: Type.Enum(['distributing', 'activating', 'draining', 'done', 'aborted']),
  waitingFor: Waiting,
  steps: Type.Array(TimetableStep),
  reason: Type.String(),
  actor: Type.String(),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  forced: Type.Boolean({ description: 'It goes on without waiting for those that are behind' }),
})

/** The rotation of this id, or the running one of this new authority; throws `resource.not_found`. */
export function findRotation(rotations: readonly Rotation[], id: string): Rotation {
  const found = rotations.find((one) => one.id === id || (one.to === id && one.endedAt === null))
  if (found !== undefined) return found
  throw new AppError('resource.not_found', 'there is no such rotation: see `alcazar authority rotations`')
}

/** Every rotation that is known, newest first. */
export function allRotations(outlook: Outlook): Static<typeof RotationItem>[] {
  const newestFirst = outlook.view.rotations.toSorted((a, b) => b.startedAt - a.startedAt)
  return newestFirst.map((rotation) => toItem(rotation, timetableOf(rotation, outlook)))
}

/** One rotation as it is now. */
export function rotationOf(outlook: Outlook, id: string): Static<typeof RotationItem> {
  const rotation = findRotation(outlook.view.rotations, id)
  return toItem(rotation, timetableOf(rotation, outlook))
}

function toItem(rotation: Rotation, timetable: Timetable): Static<typeof RotationItem> {
  const { id, kind, from, to, reason, actor, startedAt, forced } = rotation
  const known = { id, kind, from: from === '' ? null : from, to }
  return { ...known, ...toProgress(timetable), reason, actor, startedAt: toMillisTimestamp(startedAt), forced }
}

/** The rotation that would begin now. */
export function toForeseen(kind: AuthorityKind, outlook: Outlook): Static<typeof RotationItem> {
  const { view } = outlook
  const known = { id: null, kind, from: active(view, kind)?.id ?? null, to: prepared(view, kind)?.id ?? null }
  const unknown = { reason: '', actor: '', startedAt: null, forced: false }
  return { ...known, ...toProgress(foreseeRotation(kind, outlook)), ...unknown }
}

function toProgress({ state, waitingFor, steps }: Timetable) {
  const shown = steps.map(({ name, at, done }) => ({ name, at: toTimestamp(at), done }))
  return { state, waitingFor: toWaiting(waitingFor), steps: shown }
}
