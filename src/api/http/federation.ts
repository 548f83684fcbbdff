import { type Static, Type } from 'typebox'
import type { FederationStatus } from '../../ca/federation/member.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf, pageFields, pageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp } from './time.ts'

const Profile = Type.Enum(['https_web', 'https_spiffe'], {
  description: 'How the server proves itself: by a certificate of a public CA, or by an SVID',
})

const Body = Type.Object(
  {
    trustDomain: Type.String(),
    url: Type.String({ description: 'Bundle endpoint, https' }),
    profile: Profile,
    endpointSpiffeId: Type.Optional(Type.String({ description: 'Identity of the server; with `https_spiffe` alone' })),
    allowPrivateAddress: Type.Optional(
      Type.Boolean({ description: 'The server may be at a loopback, private or link-local address' }),
    ),
    bundle: Type.Optional(
      Type.String({
        description: 'The first bundle, SPIFFE JSON; needed where the server is of the same trust domain',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A foreign trust domain as it is shown. */
export const FederationItem = Type.Object({
  trustDomain: Type.String(),
  url: Type.String(),
  profile: Profile,
  endpointSpiffeId: Type.Union([Type.String(), Type.Null()]),
  allowPrivateAddress: Type.Boolean(),
  addedAt: Timestamp,
  addedBy: Type.String(),
  state: Type.Enum(['ok', 'failing', 'pending'], {
    description: '`failing`: the last attempt failed, the last good bundle counts; `pending`: there is none yet',
  }),
  error: Type.Union([Type.String(), Type.Null()]),
  sequence: Type.Union([Type.String({ description: 'Digits' }), Type.Null()]),
  roots: Type.Integer({ description: 'Of the bundle that counts; 0: nobody of the trust domain is believed' }),
  fetchedAt: Type.Union([Timestamp, Type.Null()], { description: 'When the bundle was confirmed last' }),
  freshUntil: Type.Union([Timestamp, Type.Null()], {
    description: 'From then on it is stale, unless it is confirmed before: its server has missed two turns',
  }),
  nextFetchAt: Timestamp,
})

const Params = Type.Object({ trustDomain: Type.String() })

/** `/v1/federation`: foreign trust domains and the bundles that are fetched of them. */
export function addFederation(app: App, { federation }: Pick<HttpDeps, 'federation'>, guards: Guards): void {
  const tags = ['federation']
  const list = {
    operationId: 'listFederation',
    summary: 'List the foreign trust domains and how their bundles are',
    tags,
    querystring: Type.Object(pageFields, { additionalProperties: false }),
    response: { 200: PageOf(FederationItem), default: Problem },
  }
  app.get('/v1/federation', { ...guards.viewer, schema: list }, async (request) => {
    const { limit, after = '' } = pageOf(request.query)
    const found = federation.list().filter(({ trustDomain }) => trustDomain > after)
    const items = found.slice(0, limit).map(toFederationItem)
    return { items, next: found.length > limit ? (items.at(-1)?.trustDomain ?? null) : null }
  })

  const add = {
    operationId: 'addFederation',
    summary: 'Federate with a trust domain: fetch its bundle now, and from then on at its refresh hint',
    tags,
    body: Body,
    response: { 201: FederationItem, default: Problem },
  }
  app.post('/v1/federation', { ...guards.admin, schema: add }, async (request, reply) => {
    const added = await federation.add(request.body, request.actor)
    reply.code(201)
    return toFederationItem(added)
  })

  const refresh = {
    operationId: 'refreshFederation',
    summary: 'Fetch the bundle of a trust domain now; the answer says how that went',
    tags,
    params: Params,
    body: Type.Object({}, { additionalProperties: false }),
    response: { 200: FederationItem, default: Problem },
  }
  app.post('/v1/federation/:trustDomain/refresh', { ...guards.operator, schema: refresh }, async (request) => {
    return toFederationItem(await federation.refresh(request.params.trustDomain))
  })

  const remove = {
    operationId: 'removeFederation',
    summary: 'End a federation: its bundle is deleted, and nobody of the trust domain is believed any more',
    tags,
    params: Params,
    response: { 204: Type.Null({ description: 'It is gone' }), default: Problem },
  }
  app.delete('/v1/federation/:trustDomain', { ...guards.admin, schema: remove }, async (request, reply) => {
    await federation.remove(request.params.trustDomain, request.actor)
    reply.code(204)
  })
}

/** Millis → RFC 3339. */
export function toFederationItem(status: FederationStatus): Static<typeof FederationItem> {
  const { addedAt, fetchedAt, freshUntil, nextFetchAt } = status
  return {
    ...status,
    addedAt: toMillisTimestamp(addedAt),
    fetchedAt: fetchedAt === null ? null : toMillisTimestamp(fetchedAt),
    freshUntil: freshUntil === null ? null : toMillisTimestamp(freshUntil),
    nextFetchAt: toMillisTimestamp(nextFetchAt),
  }
}
