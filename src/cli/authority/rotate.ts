import { CommandError } from '../command-error.ts'
import type { RotateOptions } from '../commands/authority.ts'
import { confirm } from '../confirm.ts'
import { type JsonObject, stringOf } from '../json.ts'
import { toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import { toNewBody } from './change-authority.ts'
import { findId } from './find-id.ts'
import { followRotation } from './follow-rotation.ts'
import { layTimetable } from './rotation-text.ts'

const DEFAULT_REASON = 'started by `alcazar authority rotate`'

/** `authority rotate`: starts a rotation and follows it; with `--resume` the one that runs. */
export async function rotate(session: Session, options: RotateOptions): Promise<void> {
  const { kind, reason = DEFAULT_REASON, dryRun, detach, resume, yes } = options
  const body = toNewBody(options)
  const path = '/v1/rotations'
  try {
    if (dryRun === true || yes !== true) {
      const planned = await session.client().json({ method: 'POST', path, body: { ...body, dryRun: true } })
      const timetable = () => layTimetable(planned, session.style)
      if (dryRun === true) return session.show(planned, timetable)
      session.io.stderr.write(timetable())
      await confirm(session, `Rotate the ${kind}? It can be aborted until the old one is retired. [y/N] `)
    }
    const rotation = await session.client().json({ method: 'POST', path, body: { ...body, reason } })
    await conclude(session, rotation, detach === true ? 'detached' : 'followed')
  } catch (error) {
    const running = resume === true && dryRun !== true ? runningOf(error) : null
    if (running === null) throw error
    session.io.stderr.write(`rotation ${toSafeText(running)} runs already: following it\n`)
    await followRotation(session, running)
  }
}

/** `authority follow`: shows a rotation until it ends. */
export async function follow(session: Session, text: string): Promise<void> {
  const { what, id } = await findId(session, text)
  if (what !== 'rotation')
    throw CommandError.of('usage', 'ids of rotations begin with `rot_`: see `authority rotations`')
  await followRotation(session, id)
}

async function conclude(session: Session, rotation: JsonObject, how: 'detached' | 'followed'): Promise<void> {
  const id = stringOf(rotation, 'id')
  if (how === 'followed') return followRotation(session, id)
  session.show(rotation, () => `started ${toSafeText(id)}\n${layTimetable(rotation, session.style)}`)
}

/** The id of the rotation that stands in the way, where that is the refusal. */
function runningOf(error: unknown): string | null {
  if (!(error instanceof CommandError) || error.code !== 'authority.invalid_transition') return null
  const seen = error.detail?.seen
  return typeof seen === 'string' && seen.startsWith('rot_') ? seen : null
}
