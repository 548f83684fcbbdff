import { Type } from 'typebox'
import { refuseUncrossable } from '../../ca/rotation/cross-sign-root.ts'
import { withCrossSign } from '../../ca/rotation/outlook.ts'
import {
  CrossSignField,
  EMPTY_BODY_ALLOWED,
  KeyTypeField,
  Kind,
  Reason,
  reasonFor,
  refuseUnfitKey,
} from './authority-fields.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { allRotations, findRotation, RotationItem, rotationOf, toForeseen } from './rotation-item.ts'

const StartBody = Type.Object(
  {
    kind: Kind,
    keyType: Type.Optional(KeyTypeField),
    crossSign: Type.Optional(CrossSignField),
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
  addStart(app, deps, guards)
  addReads(app, deps, guards)
  addEndings(app, deps, guards)
}

function addStart(app: App, deps: HttpDeps, guards: Guards): void {
  const { outlook, rotator } = deps.authorities
  const start = {
    operationId: 'startRotation',
    summary: 'Rotate: prepare, wait until everybody has it, activate, wait until nothing is left of the old, retire',
    tags,
    body: StartBody,
    response: { 200: RotationItem, 201: RotationItem, default: Problem },
  }
  app.post('/v1/rotations', { ...guards.admin, schema: start }, async (request, reply) => {
    const { kind, keyType, crossSign, reason, dryRun } = request.body
    refuseUnfitKey(kind, keyType)
    refuseUncrossable(kind, crossSign)
    if (dryRun === true) return toForeseen(kind, withCrossSign(await outlook(), crossSign))
    const why = reasonFor(reason, 'a rotation')
    const { id } = await rotator.rotate({ kind, keyType, crossSign, reason: why, actor: request.actor })
    reply.code(201)
    return rotationOf(await outlook(), id)
  })
}

function addReads(app: App, deps: HttpDeps, guards: Guards): void {
  const { outlook } = deps.authorities
  const list = {
    operationId: 'listRotations',
    summary: 'List the rotations that run, and those that ended of late',
    tags,
    response: { 200: PageOf(RotationItem), default: Problem },
  }
  app.get('/v1/rotations', { ...guards.viewer, schema: list }, async () => {
    return { items: allRotations(await outlook()), next: null }
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
