import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Issued, IssueRequest, IssuerChain } from '../../ca/issue/issuance.ts'
import type { App } from './base.ts'
import { connectionOf } from './connection.ts'
import type { HttpDeps } from './deps.ts'
import { type Door, evidenceOf } from './evidence.ts'
import { Duration, Identity, Pem, Serial, Timestamp, ttlOf } from './fields.ts'
import { sendJsonText } from './json-text.ts'
import { Problem } from './problem.ts'
import { toTimestamp } from './time.ts'
import { openUnread } from './unread.ts'

const Body = Type.Object(
  {
    csr: Type.String({ description: 'PKCS#10, PEM (RFC 2986)' }),
    ttl: Type.Optional(Duration),
    joinToken: Type.Optional(Type.String({ description: 'begins with `alcz_`' })),
    identity: Type.Optional(Type.String({ description: 'SPIFFE ID to issue for; administrators only' })),
  },
  { additionalProperties: false },
)

const IssuedCertificate = Type.Object(
  {
    serial: Serial,
    identity: Identity,
    notBefore: Timestamp,
    notAfter: Timestamp,
    renewAfter: Timestamp,
    chain: Type.Array(Pem, { description: 'The leaf and the intermediates, no root' }),
    bundle: Type.Array(Pem, { description: 'Every trusted root' }),
    bundleSequence: Type.Integer(),
  },
  { description: 'The certificate, its chain and the trust bundle' },
)

/** `POST /v1/certificates`: a certificate for an attested caller. */
export function addCertificates(app: App, deps: HttpDeps, door: Door): void {
  const schema = {
    operationId: 'issueCertificate',
    summary: 'Issue a certificate to the caller, who is known by client certificate, bearer JWT or join token',
    tags: ['certificates'],
    body: Body,
    response: { 201: IssuedCertificate, default: Problem },
  }
  const { tells, onError } = openUnread(deps.onUnread)
  app.post('/v1/certificates', { schema, onError }, async (request, reply) => {
    const issued = await tells(deps.issue(toIssueRequest(request, request.body, door)))
    return sendJsonText(reply.code(201), toJson(issued))
  })
}

function toIssueRequest(request: FastifyRequest, body: Static<typeof Body>, door: Door): IssueRequest {
  const connection = connectionOf(request.raw.socket)
  const { csr, ttl, joinToken, identity } = body
  const evidence = evidenceOf(request, door)
  return {
    evidence: joinToken === undefined ? evidence : { ...evidence, joinToken },
    csr,
    ...ttlOf(ttl),
    ...(identity === undefined ? {} : { identity }),
    peer: connection.peer,
    requestId: request.id,
    signal: connection,
  }
}

const tails = new WeakMap<IssuerChain, string>()

/** The JSON of `IssuedCertificate`: what does not depend on the leaf is written once for each issuer chain. */
function toJson(issued: Issued): string {
  const { serial, identity, leaf, issuer } = issued
  let tail = tails.get(issuer)
  if (tail === undefined) {
    const { intermediates, roots, bundleSequence } = issuer
    const chain = intermediates.map((pem) => `,${JSON.stringify(pem)}`).join('')
    tail = `${chain}],"bundle":${JSON.stringify(roots)},"bundleSequence":${bundleSequence}}`
    tails.set(issuer, tail)
  }
  const times =
    `"notBefore":"${toTimestamp(issued.notBefore)}","notAfter":"${toTimestamp(issued.notAfter)}",` +
    `"renewAfter":"${toTimestamp(issued.renewAfter)}"`
  return `{"serial":"${serial}","identity":${JSON.stringify(identity)},${times},"chain":[${JSON.stringify(leaf)}${tail}`
}
