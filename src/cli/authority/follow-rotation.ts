import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../command-error.ts'
import { type JsonObject, objectOf } from '../json.ts'
import { toSafeJsonLine, toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import { toProgressText } from './rotation-text.ts'

const EVERY_MS = 1_000
/** A server that starts again is waited for. */
const MAX_SILENT = 60
const AWAY: ReadonlySet<string> = new Set(['server.unreachable', 'server.timeout'])
const CLEAR_LINE = '\r\u001b[2K'

/**
 * Shows a rotation until it ends: on a terminal one line that is rewritten, elsewhere one JSON line for each change.
 * Only who looks ends with this process: the server goes on. Throws `rotation.aborted` for one that did not come through.
 */
export async function followRotation(session: Session, id: string): Promise<void> {
  const show = openProgress(session)
  for (let silent = 0; ; await sleep(EVERY_MS)) {
    const rotation = await readRotation(session, id, silent)
    if (rotation === null) {
      silent++
      continue
    }
    silent = 0
    show(rotation)
    if (rotation.state === 'done') return
    if (rotation.state === 'aborted') throw CommandError.of('rotation.aborted', `rotation \`${id}\` was aborted`)
  }
}

/** Null while the server does not answer, for a minute at most. */
async function readRotation(session: Session, id: string, silent: number): Promise<JsonObject | null> {
  try {
    return await session.client().json({ method: 'GET', path: `/v1/rotations/${encodeURIComponent(id)}` })
  } catch (error) {
    const isAway = error instanceof CommandError && AWAY.has(error.code)
    if (!isAway || silent >= MAX_SILENT) throw error
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
