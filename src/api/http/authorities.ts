import { type Static, Type } from 'typebox'
import type { Outlook } from '../../ca/rotation/outlook.ts'
import { type AuthorityOverview, overviewOf } from '../../ca/rotation/overview.ts'
import { find } from '../../ca/rotation/transition.ts'
import { CrossSignField, KeyTypeField, Kind, NextStepField, Reason, refuseUnfitKey } from './authority-fields.ts'
import type { App } from './base.ts'
import type { AuthorityView, HttpDeps, NextStepView } from './deps.ts'
import { PageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toTimestamp } from './time.ts'

export const authorityFields = {
  id: Type.String(),
  kind: Kind,
  state: Type.Enum(['prepared', 'active', 'draining', 'trusted', 'retired', 'tainted', 'revoked']),
  keyType: Type.String(),
  notBefore: Timestamp,
  notAfter: Timestamp,
  issuer: Type.String({ description: 'Id of the authority that signed it; its own for a root' }),
  crossSignedBy: Type.Optional(
    Type.String({ description: 'Of a root: id of the older one that has certified it, too' }),
  ),
  liveLeaves: Type.Optional(Type.Integer({ description: 'Certificates below it that have not expired' })),
  nextStep: Type.Optional(NextStepField),
}

/** An authority as the API shows it. */
export const AuthorityItem = Type.Object(authorityFields)

const PrepareBody = Type.Object(
  {
    kind: Kind,
    keyType: Type.Optional(KeyTypeField),
    crossSign: Type.Optional(CrossSignField),
    reason: Type.Optional(Reason),
  },
  { additionalProperties: false },
)

/** `GET|POST /v1/authorities`: roots, intermediates and JWT keys. */
export function addAuthorities(app: App, deps: HttpDeps, guards: Guards): void {
  const tags = ['authorities']
  const list = {
    operationId: 'listAuthorities',
    summary: 'List the authorities with their states, their live leaves and what happens to them next',
    tags,
    response: { 200: PageOf(AuthorityItem), default: Problem },
  }
  app.get('/v1/authorities', { ...guards.viewer, schema: list }, async () => {
    return { items: overviewOf(await deps.authorities.outlook()).map(toOverviewItem), next: null }
  })

  const prepare = {
    operationId: 'prepareAuthority',
    summary: 'Publish the next authority of a kind, which does not sign yet; one that is prepared already is given',
    tags,
    body: PrepareBody,
    response: { 200: AuthorityItem, 201: AuthorityItem, default: Problem },
  }
  app.post('/v1/authorities', { ...guards.admin, schema: prepare }, async (request, reply) => {
    const { kind, keyType, crossSign, reason = '' } = request.body
    refuseUnfitKey(kind, keyType)
    const before = await deps.authorities.outlook()
    const { id } = await deps.authorities.rotator.prepare({ kind, keyType, crossSign, reason, actor: request.actor })
    const isNew = before.view.authorities.every((authority) => authority.id !== id)
    reply.code(isNew ? 201 : 200)
    return itemOf(await deps.authorities.outlook(), id)
  })
}

/** One authority as it is now. */
export function itemOf(outlook: Outlook, id: string): Static<typeof AuthorityItem> {
  const { id: known } = find(outlook.view, id)
  const overview = overviewOf(outlook).find(({ authority }) => authority.id === known)
  if (overview === undefined) throw new TypeError('an authority is missing in the overview')
  return toOverviewItem(overview)
}

function toOverviewItem({ authority, ...known }: AuthorityOverview): Static<typeof AuthorityItem> {
  return toAuthorityItem({ ...authority, ...known })
}

/** Field by field: its certificate is in the bundle, not here. */
export function toAuthorityItem(view: AuthorityView): Static<typeof AuthorityItem> {
  const { id, kind, state, keyType, issuer, crossSignedBy, liveLeaves, nextStep } = view
  return {
    ...{ id, kind, state, keyType },
    notBefore: toTimestamp(view.notBefore),
    notAfter: toTimestamp(view.notAfter),
    issuer,
    ...(crossSignedBy === undefined ? {} : { crossSignedBy }),
    ...(liveLeaves === undefined ? {} : { liveLeaves }),
    ...(nextStep === undefined ? {} : { nextStep: toNextStep(nextStep) }),
  }
}

function toNextStep(step: NextStepView | null): Static<typeof NextStepField> {
  return step === null ? null : { ...step, at: toTimestamp(step.at) }
}
