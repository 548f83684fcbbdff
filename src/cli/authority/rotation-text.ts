import type { UnixMillis } from '../../kernel/clock.ts'
import { field, toText } from '../cells.ts'
import { type JsonObject, objectOf, objectsOf } from '../json.ts'
import { layTable } from '../layout.ts'
import { type Style, toSpan } from '../style.ts'

/** `distributing: waiting for 12 certificates, 43 min at most`. */
export function toProgressText(rotation: JsonObject, now: UnixMillis): string {
  const state = `${toText(rotation.state)}${rotation.forced === true ? ' (forced)' : ''}`
  const next = objectsOf(rotation, 'steps').find(({ done }) => done === false)
  const waiting = toWaitingText(objectOf(rotation, 'waitingFor'), Date.parse(toText(next?.at)) - now)
  return waiting === null ? state : `${state}: ${waiting}`
}

/** `waiting for 12 certificates, 43 min at most`; null for nothing to wait for. */
export function toWaitingText({ certificates }: JsonObject, milliseconds: number): string | null {
  if (certificates === undefined) return null
  const left = toSpan(Math.max(0, Math.ceil(milliseconds / 1000)))
  if (certificates === 0) return `waiting for time to pass, ${left}`
  return `waiting for ${toText(certificates)} ${certificates === 1 ? 'certificate' : 'certificates'}, ${left} at most`
}

const HAPPENS: Readonly<Record<string, string>> = {
  prepare: 'the new one is published, and signs nothing yet',
  activate: 'the new one signs, as soon as everybody has it',
  retire: 'the old one leaves, as soon as nothing valid descends from it',
  abort: 'the old one signs again',
}

/** What happens when, at the latest. */
export function layTimetable(rotation: JsonObject, style: Style): string {
  return layTable(
    [
      field('STEP', 'name'),
      {
        heading: 'AT THE LATEST',
        cell: ({ at, done }) => (done === true ? 'done' : style.time(toText(at))),
      },
      { heading: 'WHAT', cell: ({ name }) => HAPPENS[toText(name)] ?? '' },
    ],
    objectsOf(rotation, 'steps'),
    style,
  )
}
