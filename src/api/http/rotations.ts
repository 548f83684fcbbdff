import { type Static, Type } from 'typebox'
import type { AuthorityKind, Rotation } from '../../ca/authority.ts'
import type { Outlook } from '../../ca/rotation/outlook.ts'
import { active, prepared } from '../../ca/rotation/slots.ts'
import { foreseeRotation, type Timetable, timetableOf } from '../../ca/rotation/timetable.ts'
import { AppError } from '../../kernel/errors.ts'
import {
  EMPTY_BODY_ALLOWED,
  KeyTypeField,
  Kind,
  Reason,
  reasonFor,
  refuseUnfitKey,
  toWaiting,
  Waiting,
} from './authority-fields.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp, toTimestamp } from './time.ts'

const TimetableStep = Type.Object({
  name: Type.Enum(['prepare', 'activate', 'retire', 'abort']),
  at: Type.String({ description: 'When it was done, or when it will be at the latest; RFC 3339, UTC' }),
  done: Type.Boolean(),
})

const RotationItem = Type.Object({
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

const StartBody = Type.Object(
  {
    kind: Kind,
    keyType: Type.Optional(KeyTypeField),
    reason: Type.Optional(Reason),
    dryRun: Type.Optional(Type.Boolean({ description: 'Only give the timetable; needs no reason' })),
  },
  { additionalProperties: false },
)

const Params = Type.Object({ id: Type.String({ maxLength: 100 }) })
const ReasonBody = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })
const tags = ['authorities']

/** `/v1/rotations`: whole rotations, which go on by themselves once they are started. */
export function addRotations(app: App, deps: HttpDeps, guards: Guards): void {
  const { outlook, rotator } = deps.authorities
  const start = {
    operationId: 'startRotation',
    summary: 'Rotate: prepare, wait until everybody has it, activate, wait until nothing is left of the old, retire',
    tags,
    body: StartBody,
    response: { 200: RotationItem, 201: RotationItem, default: Problem },
  }
  app.post('/v1/rotations', { ...guards.admin, schema: start }, async (request, reply) => {
    const { kind, keyType, reason, dryRun } = request.body
    refuseUnfitKey(kind, keyType)
    if (dryRun === true) return toForeseen(kind, await outlook())
    const why = reasonFor(reason, 'a rotation')
    const { id } = await rotator.rotate({ kind, keyType, reason: why, actor: request.actor })
    reply.code(201)
    return rotationOf(await outlook(), id)
  })

  const list = {
    operationId: 'listRotations',
    summary: 'List the rotations that run, and those that ended of late',
    tags,
    response: { 200: PageOf(RotationItem), default: Problem },
  }
  app.get('/v1/rotations', { ...guards.viewer, schema: list }, async () => {
    const known = await outlook()
    return { items: newestFirst(known.view.rotations).map((one) => toItem(one, timetableOf(one, known))), next: null }
  })

  const read = {
    operationId: 'getRotation',
    summary: 'How far a rotation has come, and what it waits for',
    tags,
    params: Params,
    response: { 200: RotationItem, default: Problem },
  }
  app.get('/v1/rotations/:id', { ...guards.viewer, schema: read }, async (request) => {
    return rotationOf(await outlook(), request.params.id)
  })
  addEndings(app, deps, guards)
}

const ENDINGS = {
  abort: { operationId: 'abortRotation', summary: 'Return to the old authority; possible until that one is retired' },
  force: { operationId: 'forceRotation', summary: 'Let it go on without waiting for those that are behind' },
} as const

function addEndings(app: App, deps: HttpDeps, guards: Guards): void {
  const { outlook, rotator } = deps.authorities
  for (const verb of ['abort', 'force'] as const) {
    const schema = {
      ...ENDINGS[verb],
      tags,
      params: Params,
      body: ReasonBody,
      response: { 200: RotationItem, default: Problem },
    }
    app.post(`/v1/rotations/:id/${verb}`, { ...guards.admin, ...EMPTY_BODY_ALLOWED, schema }, async (request) => {
      const { actor, body } = request
      const { id } = findRotation((await outlook()).view.rotations, request.params.id)
      const reason = verb === 'force' ? reasonFor(body.reason, '`force`') : (body.reason ?? '')
      await rotator[verb]({ id, actor, reason })
      return rotationOf(await outlook(), id)
    })
  }
}

/** By its own id, or by that of its new authority while it runs. */
function findRotation(rotations: readonly Rotation[], id: string): Rotation {
  const found = rotations.find((one) => one.id === id || (one.to === id && one.endedAt === null))
  if (found !== undefined) return found
  throw new AppError('resource.not_found', 'there is no such rotation: see `alcazar authority rotations`')
}

function newestFirst(rotations: readonly Rotation[]): readonly Rotation[] {
  return rotations.toSorted((a, b) => b.startedAt - a.startedAt)
}

function rotationOf(outlook: Outlook, id: string): Static<typeof RotationItem> {
  const rotation = findRotation(outlook.view.rotations, id)
  return toItem(rotation, timetableOf(rotation, outlook))
}

function toItem(rotation: Rotation, timetable: Timetable): Static<typeof RotationItem> {
  const { id, kind, from, to, reason, actor, startedAt, forced } = rotation
  const known = { id, kind, from: from === '' ? null : from, to }
  return { ...known, ...toProgress(timetable), reason, actor, startedAt: toMillisTimestamp(startedAt), forced }
}

function toForeseen(kind: AuthorityKind, outlook: Outlook): Static<typeof RotationItem> {
  const { view } = outlook
  const known = { id: null, kind, from: active(view, kind)?.id ?? null, to: prepared(view, kind)?.id ?? null }
  const unknown = { reason: '', actor: '', startedAt: null, forced: false }
  return { ...known, ...toProgress(foreseeRotation(kind, outlook)), ...unknown }
}

function toProgress({ state, waitingFor, steps }: Timetable) {
  const shown = steps.map(({ name, at, done }) => ({ name, at: toTimestamp(at), done }))
  return { state, waitingFor: toWaiting(waitingFor), steps: shown }
}
