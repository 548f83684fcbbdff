import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../command-error.ts'
import { type JsonObject, objectOf } from '../json.ts'
import { toSafeJsonLine, toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import { toProgressText } from './rotation-text.ts'

const EVERY_MS = 1_000
/** A server that starts again is waited for. */
const SILENT_MS = 60_000
const AWAY: ReadonlySet<string> = new Set(['server.unreachable', 'server.timeout'])
const CLEAR_LINE = '\r\u001b[2K'

/**
 * Shows a rotation until it ends: on a terminal one line that is rewritten, elsewhere one JSON line for each change.
 * Only who looks ends with this process: the server goes on. Throws `rotation.aborted` for one that did not come through.
 */
export async function followRotation(session: Session, id: string): Promise<void> {
  const show = openProgress(session)
  for (let heardAt = performance.now(); ; await sleep(EVERY_MS)) {
    const rotation = await readRotation(session, id, heardAt)
    if (rotation === null) continue
    heardAt = performance.now()
    show(rotation)
    if (rotation.state === 'done') return
    if (rotation.state === 'aborted') throw CommandError.of('rotation.aborted', `rotation \`${id}\` was aborted`)
  }
}

/** Null while the server does not answer; when it was heard a minute ago, its silence is thrown. */
async function readRotation(session: Session, id: string, heardAt: number): Promise<JsonObject | null> {
  try {
    return await session.client().json({ method: 'GET', path: `/v1/rotations/${encodeURIComponent(id)}` })
  } catch (error) {
    const isAway = error instanceof CommandError && AWAY.has(error.code)
    if (!isAway || performance.now() - heardAt > SILENT_MS) throw error
    return null
  }
}

function openProgress({ io, options }: Session): (rotation: JsonObject) => void {
  const isRewritten = io.stdout.isTerminal && io.env.TERM !== 'dumb' && options.output === 'table'
  let last = ''
  return (rotation) => {
    if (isRewritten) {
      const isOver = rotation.state === 'done' || rotation.state === 'aborted'
      io.stdout.write(`${CLEAR_LINE}${toSafeText(toProgressText(rotation, io.now()))}${isOver ? '\n' : ''}`)
      return
    }
    const standing = toStanding(rotation)
    if (standing !== last) io.stdout.write(`${toSafeJsonLine(rotation)}\n`)
    last = standing
  }
}

/** What counts as a change: times that are foreseen move on by themselves. */
function toStanding(rotation: JsonObject): string {
  const { certificates = null } = objectOf(rotation, 'waitingFor')
  return JSON.stringify([rotation.state, rotation.forced, certificates])
}
