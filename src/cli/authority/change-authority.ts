import type { UnixMillis } from '../../kernel/clock.ts'
import { toText } from '../cells.ts'
import { CommandError } from '../command-error.ts'
import type { ChangeOptions, ChangeVerb, PrepareOptions } from '../commands/authority.ts'
import { confirm } from '../confirm.ts'
import { type JsonObject, objectOf, objectsOf, stringOf } from '../json.ts'
import { toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import { type Found, findId } from './find-id.ts'
import { toShortId } from './list-authorities.ts'
import { layTimetable, toProgressText, toWaitingText } from './rotation-text.ts'

/** `authority prepare`: publishes the next one; with `--dry-run` only the timetable of the rotation that it begins. */
export async function prepare(session: Session, options: PrepareOptions): Promise<void> {
  const { reason, dryRun } = options
  const body = toNewBody(options)
  if (dryRun === true) {
    const call = { method: 'POST', path: '/v1/rotations', body: { ...body, dryRun } } as const
    const planned = await session.client().json(call)
    session.show(planned, () => layTimetable(planned, session.style))
    return
  }
  const why = reason === undefined ? {} : { reason }
  const made = await session.client().json({ method: 'POST', path: '/v1/authorities', body: { ...body, ...why } })
  session.show(made, () => toStateText(made))
}

/** What a new authority shall be; what is not said is as configured. */
export function toNewBody({ kind, keyType, crossSign }: PrepareOptions): JsonObject {
  return { kind, ...(keyType === undefined ? {} : { keyType }), ...(crossSign === undefined ? {} : { crossSign }) }
}

/** What is to be done with which authority or rotation. */
export interface Change {
  readonly verb: ChangeVerb
  /** Or the beginning of it. */
  readonly id: string
}

/** `authority activate|retire|taint|revoke|abort|force`. */
export async function change(session: Session, { verb, id: text }: Change, options: ChangeOptions): Promise<void> {
  const { reason, force, crossSign, dryRun, yes } = options
  if (force === true && reason === undefined) throw CommandError.of('usage', '--force needs --reason, for the record')
  const found = await findId(session, text)
  const question = dryRun === true || yes === true ? null : questionOf(verb, force === true, toShortId(found.id))
  if (question !== null) await confirm(session, question)
  const target = dryRun === true ? await authorityOf(session, found) : found
  const body = {
    ...(reason === undefined ? {} : { reason }),
    ...(force === true ? { force } : {}),
    ...(crossSign === true ? { crossSign } : {}),
    ...(dryRun === true ? { dryRun } : {}),
  }
  const answer = await session.client().json({ method: 'POST', path: pathOf(verb, target), body })
  session.show(answer, () => toAnswerText(answer, session.io.now()))
}

/** Rotations alone are forced; both are aborted, each on its own. */
function pathOf(verb: ChangeVerb, { what, id }: Found): string {
  return what === 'rotation' || verb === 'force' ? `/v1/rotations/${id}/${verb}` : `/v1/authorities/${id}/${verb}`
}

/** What an aborted rotation would do is what its new authority would. */
async function authorityOf(session: Session, found: Found): Promise<Found> {
  if (found.what === 'authority') return found
  const rotation = await session.client().json({ method: 'GET', path: `/v1/rotations/${found.id}` })
  return { what: 'authority', id: stringOf(rotation, 'to') }
}

function questionOf(verb: ChangeVerb, isForced: boolean, id: string): string | null {
  if (verb === 'revoke') return `Revoke ${id}? Every certificate below it ends to work at once. [y/N] `
  if (verb === 'taint') return `Taint ${id}? Everybody below it will renew now. [y/N] `
  if (!isForced && verb !== 'force') return null
  return `Go on without waiting? Those who are behind cannot connect until they renew. [y/N] `
}

function toAnswerText(answer: JsonObject, now: UnixMillis): string {
  if (answer.steps !== undefined) return `${toSafeText(`${toText(answer.id)} ${toProgressText(answer, now)}`)}\n`
  return answer.changes === undefined ? toStateText(answer) : toPreviewText(answer, now)
}

function toStateText({ kind, id, state }: JsonObject): string {
  return `${toSafeText(`${toText(kind)} ${toShortId(toText(id))} is ${toText(state)}`)}\n`
}

/** `would change: root 1f2e3d4c5b6a active -> draining`, `would make: intermediate below it, active`, one line each. */
function toPreviewText(answer: JsonObject, now: UnixMillis): string {
  const changes = objectsOf(answer, 'changes').map(({ kind, id, from, to }) => {
    if (id === null) return `would make: ${toText(kind)} below it, ${toText(to)}`
    return `would change: ${toText(kind)} ${toShortId(toText(id))} ${toText(from)} -> ${toText(to)}`
  })
  const waitingFor = objectOf(answer, 'waitingFor')
  const waits = toWaitingText(waitingFor, Date.parse(toText(answer.readyAt)) - now)
  const lines = [...(changes.length === 0 ? ['nothing would change'] : changes), ...(waits === null ? [] : [waits])]
  return lines.map((line) => `${toSafeText(line)}\n`).join('')
}
