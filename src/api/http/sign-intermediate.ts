import { Type } from 'typebox'
import type { App } from './base.ts'
import { connectionOf } from './connection.ts'
import type { HttpDeps } from './deps.ts'
import { Duration, Pem, Serial, Timestamp, ttlOf } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toTimestamp } from './time.ts'

const Body = Type.Object(
  {
    csr: Type.String({ maxLength: 16_384, description: 'PEM, RFC 2986; only its key is taken' }),
    ttl: Type.Optional(Duration),
  },
  { additionalProperties: false },
)

const Signed = Type.Object({
  serial: Serial,
  notBefore: Timestamp,
  notAfter: Timestamp,
  chain: Type.Array(Pem, { description: 'The intermediate, then what the older roots have certified its root with' }),
  roots: Type.Array(Pem, { description: 'Its root, then the older ones that are still trusted' }),
})

/** `POST /v1/authorities/sign-intermediate`: certifies the intermediate of another service of the same trust domain. */
export function addSignIntermediate(app: App, deps: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'signIntermediate',
    summary: 'Certify an intermediate of another service below the active root: path length 0, recorded',
    tags: ['authorities'],
    body: Body,
    response: { 201: Signed, default: Problem },
  }
  app.post('/v1/authorities/sign-intermediate', { ...guards.admin, schema }, async (request, reply) => {
    const { csr, ttl } = request.body
    const { peer } = connectionOf(request.raw.socket)
    const signed = await deps.signIntermediate({ csr, ...ttlOf(ttl), actor: request.actor, peer })
    reply.code(201)
    return {
      serial: signed.serial,
      notBefore: toTimestamp(signed.notBefore),
      notAfter: toTimestamp(signed.notAfter),
      chain: [...signed.chain],
      roots: [...signed.roots],
    }
  })
}
