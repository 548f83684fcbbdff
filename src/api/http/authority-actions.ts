import { type Static, Type } from 'typebox'
import { withCrossSign } from '../../ca/rotation/outlook.ts'
import { preview, VERBS, type Verb } from '../../ca/rotation/preview.ts'
import { authorityFields, itemOf } from './authorities.ts'
import { CrossSignField, EMPTY_BODY_ALLOWED, Kind, Reason, reasonFor, toWaiting, Waiting } from './authority-fields.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toTimestamp } from './time.ts'

const Params = Type.Object({ id: Type.String({ maxLength: 100 }) })

const fields = {
  reason: Type.Optional(Reason),
  force: Type.Optional(Type.Boolean({ description: 'Although something is waited for; needs a reason' })),
  dryRun: Type.Optional(Type.Boolean({ description: 'Only say what would change and what it waits for' })),
}
const Body = Type.Object(fields, { additionalProperties: false })
const ActivateBody = Type.Object(
  { ...fields, crossSign: Type.Optional(CrossSignField) },
  { additionalProperties: false },
)

const State = authorityFields.state
const Change = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], { description: 'Null for one that would be created' }),
  kind: Kind,
  from: Type.Union([State, Type.Null()]),
  to: State,
})
const Answer = Type.Object({
  ...authorityFields,
  changes: Type.Optional(Type.Array(Change, { description: 'Of a dry run: what would change' })),
  waitingFor: Type.Optional(Waiting),
  readyAt: Type.Optional(
    Type.Union([Timestamp, Type.Null()], {
      description: 'Of a dry run: when nothing is waited for any more at the latest, the skew of clocks included',
    }),
  ),
})

const SUMMARIES = {
  activate: 'Let a prepared authority sign, once everybody has its root',
  taint: 'Have everybody below it renew now; an active one needs a prepared one that takes over',
  revoke: 'Take an authority out of the bundle at once; an active one needs a prepared one that takes over',
  retire: 'Take a draining authority out of the bundle, once nothing valid descends from it',
  abort: 'Give up a prepared authority, or hand back to the one that drains',
} as const satisfies Record<Verb, string>

/** `POST /v1/authorities/{id}/…`: from state to state; what was done before is done, and changes nothing. */
export function addAuthorityActions(app: App, deps: HttpDeps, guards: Guards): void {
  for (const verb of VERBS) {
    const schema = {
      operationId: `${verb}Authority`,
      summary: SUMMARIES[verb],
      tags: ['authorities'],
      params: Params,
      body: verb === 'activate' ? ActivateBody : Body,
      response: { 200: Answer, default: Problem },
    }
    app.post(`/v1/authorities/:id/${verb}`, { ...guards.admin, ...EMPTY_BODY_ALLOWED, schema }, (request) => {
      return act(deps, { verb, id: request.params.id, actor: request.actor }, request.body)
    })
  }
}

interface Command {
  readonly verb: Verb
  readonly id: string
  readonly actor: string
}

async function act(
  deps: HttpDeps,
  command: Command,
  body: Static<typeof ActivateBody>,
): Promise<Static<typeof Answer>> {
  const { verb, id, actor } = command
  const { outlook, rotator } = deps.authorities
  const { crossSign } = body
  const isForced = body.force === true
  const reason = isForced ? reasonFor(body.reason, '`force`') : (body.reason ?? '')
  if (body.dryRun === true) {
    const known = withCrossSign(await outlook(), crossSign)
    const { changes, waitingFor, readyAt } = preview(verb, id, known)
    const told = { waitingFor: toWaiting(waitingFor), readyAt: readyAt === null ? null : toTimestamp(readyAt) }
    return { ...itemOf(known, id), changes: [...changes], ...told }
  }
  await rotator[verb]({ id, actor, reason, isForced, ...(crossSign === undefined ? {} : { crossSign }) })
  return itemOf(await outlook(), id)
}
