import { type Static, Type } from 'typebox'
import type { App } from './base.ts'
import type { AuthorityView, HttpDeps, NextStepView } from './deps.ts'
import { PageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toTimestamp } from './time.ts'

const NextStep = Type.Object({ do: Type.String(), at: Timestamp, waitingFor: Type.Optional(Type.String()) })

/** An authority as the API shows it. */
export const AuthorityItem = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['root', 'intermediate', 'jwt']),
  state: Type.Enum(['prepared', 'active', 'draining', 'retired', 'tainted', 'revoked']),
  keyType: Type.String(),
  notBefore: Timestamp,
  notAfter: Timestamp,
  issuer: Type.String({ description: 'Id of the authority that signed it; its own for a root' }),
  liveLeaves: Type.Optional(Type.Integer({ description: 'Certificates below it that have not expired' })),
  nextStep: Type.Optional(Type.Union([NextStep, Type.Null()])),
})

/** `GET /v1/authorities`: roots and intermediates. */
export function addAuthorities(app: App, deps: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'listAuthorities',
    summary: 'List the authorities with their states',
    tags: ['authorities'],
    response: { 200: PageOf(AuthorityItem), default: Problem },
  }
  app.get('/v1/authorities', { ...guards.viewer, schema }, async () => {
    return { items: (await deps.status()).authorities.map(toAuthorityItem), next: null }
  })
}

/** Field by field: its certificate is in the bundle, not here. */
export function toAuthorityItem(view: AuthorityView): Static<typeof AuthorityItem> {
  const { id, kind, state, keyType, issuer, liveLeaves, nextStep } = view
  return {
    ...{ id, kind, state, keyType },
    notBefore: toTimestamp(view.notBefore),
    notAfter: toTimestamp(view.notAfter),
    issuer,
    ...(liveLeaves === undefined ? {} : { liveLeaves }),
    ...(nextStep === undefined ? {} : { nextStep: toNextStep(nextStep) }),
  }
}

function toNextStep(step: NextStepView | null): Static<typeof NextStep> | null {
  return step === null ? null : { ...step, at: toTimestamp(step.at) }
}
