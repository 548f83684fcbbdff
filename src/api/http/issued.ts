import { type Static, Type } from 'typebox'
import type { IssuedQuery, IssuedRow } from '../../ca/record.ts'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Identity, PageOf, pageFields, pageOf, Serial, SerialText, Timestamp, toSerial } from './fields.ts'
import { Problem } from './problem.ts'
import { RestoredField, toRestored } from './restored.ts'
import type { Guards } from './roles.ts'
import { parseTimestamp, toMillisTimestamp, toTimestamp } from './time.ts'

const Query = Type.Object(
  {
    identity: Type.Optional(Type.String({ description: 'SPIFFE ID' })),
    serial: Type.Optional(SerialText),
    since: Type.Optional(Type.String({ description: 'RFC 3339; compared with issuedAt, inclusive' })),
    until: Type.Optional(Type.String({ description: 'RFC 3339; compared with issuedAt, inclusive' })),
    ...pageFields,
  },
  { additionalProperties: false },
)

const Row = Type.Object({
  kind: Type.Enum(['certificate', 'jwt']),
  serial: Serial,
  identity: Identity,
  notBefore: Timestamp,
  notAfter: Timestamp,
  issuedAt: Timestamp,
  attestor: Type.Enum(['jwt', 'client-certificate', 'join-token', 'admin']),
  subject: Type.String({ description: 'What the attestor saw' }),
  authority: Type.String({ description: 'Id of the authority that signed' }),
  spkiSha256: Type.String(),
  csrSha256: Type.String(),
  peer: Type.String({ description: '`ip:port` or `local`' }),
  bundleSequence: Type.Integer(),
  outcome: Type.Enum(['issued', 'failed', 'unknown']),
})

const RevokeParams = Type.Object({ serial: SerialText })
const RevokeQuery = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 500, description: 'For the record' })) },
  { additionalProperties: false },
)

/** `/v1/issued`: what was issued, and its denial. */
export function addIssued(app: App, deps: HttpDeps, guards: Guards): void {
  const list = {
    operationId: 'listIssued',
    summary: 'List what was issued, newest first',
    tags: ['certificates'],
    querystring: Query,
    response: { 200: Type.Object({ ...PageOf(Row).properties, restored: RestoredField }), default: Problem },
  }
  app.get('/v1/issued', { ...guards.viewer, schema: list }, async (request) => {
    const { items, next } = await deps.issuance.listIssued(toQuery(request.query))
    return { items: items.map(toRow), next, restored: toRestored(deps.restoration) }
  })

  const revoke = {
    operationId: 'revokeCertificate',
    summary: 'Deny a certificate by its serial',
    tags: ['certificates'],
    params: RevokeParams,
    querystring: RevokeQuery,
    response: { 204: Type.Null({ description: 'It is denied from now on' }), default: Problem },
  }
  app.delete('/v1/issued/:serial', { ...guards.operator, schema: revoke }, async (request, reply) => {
    await deps.revokeCertificate(toSerial(request.params.serial), request.query.reason ?? '', request.actor)
    reply.code(204)
  })
}

function toQuery(query: Static<typeof Query>): IssuedQuery {
  const { identity, serial, since, until } = query
  return {
    ...pageOf(query),
    ...(identity === undefined ? {} : { identity: parseSpiffeId(identity, 'request.malformed').uri }),
    ...(serial === undefined ? {} : { serial: toSerial(serial) }),
    ...(since === undefined ? {} : { since: parseTimestamp(since, 'since') }),
    ...(until === undefined ? {} : { until: parseTimestamp(until, 'until') }),
  }
}

function toRow(row: IssuedRow): Static<typeof Row> {
  const { notBefore, notAfter, issuedAt } = row
  return {
    ...row,
    notBefore: toTimestamp(notBefore),
    notAfter: toTimestamp(notAfter),
    issuedAt: toMillisTimestamp(issuedAt),
  }
}
