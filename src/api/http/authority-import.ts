import { type Static, Type } from 'typebox'
import { type ImportOutcome, toRefusal } from '../../ca/import/importer.ts'
import type { ImportStatus } from '../../ca/import/watch-import.ts'
import { KEY_TYPES } from '../../pki/key-types.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp } from './time.ts'

const NamedText = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255, description: 'What findings call it: the name of the file' }),
    text: Type.String({ description: 'PEM' }),
  },
  { additionalProperties: false },
)

const Body = Type.Object(
  {
    certificate: NamedText,
    key: Type.Optional(NamedText),
    chain: Type.Optional(NamedText),
    roots: Type.Optional(NamedText),
    dryRun: Type.Optional(Type.Boolean({ description: 'Only judge' })),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'For the record' })),
  },
  { additionalProperties: false },
)

const ImportFinding = Type.Object({
  file: Type.String(),
  code: Type.String(),
  level: Type.Enum(['error', 'warning']),
  text: Type.String(),
})

const Outcome = Type.Object({
  accepted: Type.Boolean({ description: 'False in a dry run alone: else it is a problem' }),
  id: Type.Union([Type.String(), Type.Null()], { description: 'Of its intermediate' }),
  adopted: Type.Array(Type.Object({ id: Type.String(), kind: Type.String(), state: Type.String() }), {
    description: 'Empty where all of it is known already',
  }),
  findings: Type.Array(ImportFinding),
})

/** How the imported directory is, in the status. */
export const ImportStatusBody = Type.Object({
  directory: Type.String(),
  ok: Type.Boolean({ description: 'What it holds was accepted' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Why not; what was accepted before goes on' }),
  findings: Type.Array(ImportFinding),
  authority: Type.Union([Type.String(), Type.Null()], { description: 'Id of the intermediate accepted last' }),
  readAt: Type.Union([Timestamp, Type.Null()]),
  acceptedAt: Type.Union([Timestamp, Type.Null()]),
})

const CsrBody = Type.Object({ keyType: Type.Optional(Type.Enum([...KEY_TYPES])) }, { additionalProperties: false })
const CsrAnswer = Type.Object({
  id: Type.String({ description: 'Of the authority that it will be' }),
  keyType: Type.String(),
  csr: Type.String({ description: 'PEM, RFC 2986' }),
})

/** `POST /v1/authorities/import` and `/v1/authorities/csr`: intermediates that somebody else's root has signed. */
export function addAuthorityImport(app: App, { importer, intermediateKeyType }: HttpDeps, guards: Guards): void {
  const tags = ['authorities']
  const bring = {
    operationId: 'importAuthority',
    summary: 'Bring an intermediate with its root, and its key unless that is here',
    tags,
    body: Body,
    response: { 200: Outcome, default: Problem },
  }
  app.post('/v1/authorities/import', { ...guards.admin, schema: bring }, async ({ body, actor }) => {
    const { certificate, key = null, chain = null, roots = null, dryRun, reason = 'imported' } = body
    const material = { certificate, key, chain, roots }
    if (dryRun === true) return toOutcome(await importer.check(material))
    const outcome = await importer.import(material, { actor, reason })
    if (!outcome.accepted) throw toRefusal(outcome.findings)
    return toOutcome(outcome)
  })

  const request = {
    operationId: 'createAuthorityCsr',
    summary: 'Make a key for an intermediate and a CSR for it, to be signed elsewhere',
    tags,
    body: CsrBody,
    response: { 201: CsrAnswer, default: Problem },
  }
  app.post('/v1/authorities/csr', { ...guards.admin, schema: request }, async ({ body, actor }, reply) => {
    reply.code(201)
    return { ...(await importer.createCsr(body.keyType ?? intermediateKeyType, actor)) }
  })
}

function toOutcome({ accepted, id, authorities, findings }: ImportOutcome): Static<typeof Outcome> {
  const adopted = authorities.map((one) => ({ id: one.id, kind: one.kind, state: one.state }))
  return { accepted, id, adopted, findings: [...findings] }
}

/** The status of a directory as the API shows it. */
export function toImportStatus(status: ImportStatus): Static<typeof ImportStatusBody> {
  const { directory, isOk, problem, authority } = status
  const toTime = (at: number | null) => (at === null ? null : toMillisTimestamp(at))
  const times = { readAt: toTime(status.readAt), acceptedAt: toTime(status.acceptedAt) }
  return { directory, ok: isOk, problem, findings: [...status.findings], authority, ...times }
}
