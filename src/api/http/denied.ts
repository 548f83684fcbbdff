import { type Static, Type } from 'typebox'
import type { DenyEntry, DenyTarget } from '../../ca/deny/deny-list.ts'
import { AppError } from '../../kernel/errors.ts'
import { CRL_REASONS, type CrlReason } from '../../pki/crl.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf, pageFields, pageOf, SerialText, Timestamp, toSerial } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp } from './time.ts'

const targetFields = {
  identity: Type.Optional(Type.String({ description: 'SPIFFE ID' })),
  serial: Type.Optional(SerialText),
  publicKey: Type.Optional(
    Type.String({ pattern: '^[0-9a-fA-F]{64}$', description: 'SHA-256 of the SubjectPublicKeyInfo, hex' }),
  ),
}
const Target = Type.Object(targetFields, { additionalProperties: false })

const reasonCodes = Object.keys(CRL_REASONS) as readonly CrlReason[]
const Reason = Type.Enum([...reasonCodes], {
  description: 'What CRLs say of the certificates (RFC 5280 §5.3.1); by the kind if absent',
})
const Body = Type.Object(
  {
    ...targetFields,
    reason: Type.String({ minLength: 1, maxLength: 500, description: 'For the record' }),
    reasonCode: Type.Optional(Reason),
  },
  { additionalProperties: false },
)

const entryFields = {
  kind: Type.Enum(['identity', 'serial', 'publicKey']),
  value: Type.String(),
  reason: Type.String(),
  reasonCode: Reason,
  at: Timestamp,
  actor: Type.String(),
}
const Item = Type.Object(entryFields)
const Added = Type.Object({
  ...entryFields,
  certificates: Type.Integer({ description: 'Certificates that were valid and are revoked with it' }),
})

/** `/v1/denied`: identities, certificates and keys that get nothing any more. */
export function addDenied(app: App, deps: HttpDeps, guards: Guards): void {
  const tags = ['denied']
  const add = {
    operationId: 'addDenied',
    summary: 'Deny an identity, a certificate or a public key, and revoke what it has; safe to repeat',
    tags,
    body: Body,
    response: { 201: Added, default: Problem },
  }
  app.post('/v1/denied', { ...guards.admin, schema: add }, async (request, reply) => {
    const { reason, reasonCode, ...named } = request.body
    const code = reasonCode === undefined ? {} : { reasonCode }
    const denial = await deps.deny.add({ ...targetOf(named), reason, ...code, actor: request.actor })
    reply.code(201)
    return { ...toItem(denial.entry), certificates: denial.certificates }
  })

  const list = {
    operationId: 'listDenied',
    summary: 'List the deny list, newest first',
    tags,
    querystring: Type.Object(pageFields, { additionalProperties: false }),
    response: { 200: PageOf(Item), default: Problem },
  }
  app.get('/v1/denied', { ...guards.viewer, schema: list }, async (request) => {
    const { items, next } = await deps.deny.list(pageOf(request.query))
    return { items: items.map(toItem), next }
  })

  const remove = {
    operationId: 'removeDenied',
    summary: 'Take an identity or a public key off the deny list; what was revoked stays revoked',
    tags,
    querystring: Target,
    response: { 204: Type.Null({ description: 'It gets certificates again' }), default: Problem },
  }
  app.delete('/v1/denied', { ...guards.admin, schema: remove }, async (request, reply) => {
    await deps.deny.remove(targetOf(request.query), request.actor)
    reply.code(204)
  })
}

/** Exactly one of the three. */
function targetOf({ identity, serial, publicKey }: Static<typeof Target>): DenyTarget {
  const targets: DenyTarget[] = []
  if (identity !== undefined) targets.push({ kind: 'identity', value: identity })
  if (serial !== undefined) targets.push({ kind: 'serial', value: toSerial(serial) })
  if (publicKey !== undefined) targets.push({ kind: 'key', value: publicKey.toLowerCase() })
  const [target] = targets
  if (target !== undefined && targets.length === 1) return target
  throw new AppError('request.malformed', 'give exactly one of `identity`, `serial` and `publicKey`')
}

function toItem({ kind, value, reason, reasonCode, at, actor }: DenyEntry): Static<typeof Item> {
  return { kind: kind === 'key' ? 'publicKey' : kind, value, reason, reasonCode, at: toMillisTimestamp(at), actor }
}
