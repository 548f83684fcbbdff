import { Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import type { ActionQuery, ChainedAction } from '../../audit/audit-store.ts'
import type { Verification } from '../../audit/verify-record.ts'
import type { UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf, pageFields, pageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'
import { parseTimestamp, toMillisTimestamp } from './time.ts'

/** What the record's routes ask of the service. */
export interface AuditPort {
  readonly list: (query: ActionQuery) => Promise<readonly ChainedAction[]>
  /** A bounded part of it, from the cursor of the answer before on. */
  readonly verify: (cursor: string | null) => Promise<Verification>
  /** JSON lines with the signed head; throws `issue.no_active_authority` before the first. */
  readonly export: (since: UnixMillis | null) => Promise<AsyncIterable<string>>
}

const since = Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; what was written from then on' }))
const ListQuery = Type.Object(
  {
    ...pageFields,
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'The sequence to go on behind' })),
    since,
  },
  { additionalProperties: false },
)
const VerifyQuery = Type.Object({ after: pageFields.after }, { additionalProperties: false })
const ExportQuery = Type.Object({ since }, { additionalProperties: false })

const Hash = Type.String({ description: 'SHA-256, 64 lower-case hex digits' })
const Item = Type.Object({
  sequence: Type.Integer(),
  at: Timestamp,
  actor: Type.String(),
  action: Type.String({ description: 'Dotted verb, such as `token.create`' }),
  target: Type.String(),
  detail: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], { description: 'Differs by action' }),
  ),
  previousHash: Hash,
  hash: Hash,
})

const Verified = Type.Object({
  checked: Type.Integer({ description: 'Rows that fit' }),
  problem: Type.Union([
    Type.Object(
      {
        log: Type.Enum(['intents', 'results', 'actions']),
        sequence: Type.Integer(),
        reason: Type.Enum(['changed', 'missing', 'unreadable', 'forked']),
        message: Type.String(),
      },
      { description: 'The first row that does not fit' },
    ),
    Type.Null(),
  ]),
  next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as `after`; null when there is no more' }),
})

const JSON_LINES = 'application/jsonl'
/** A reader that takes nothing for so long is gone. */
const STALLED_MS = 60_000

/** `/v1/audit`: what administrators and the service did, and the proof that nobody changed the record since. */
export function addAudit(app: App, deps: HttpDeps, guards: Guards): void {
  const tags = ['audit']
  const list = {
    operationId: 'listAudit',
    summary: 'List administrative actions, oldest first, each with the hash of the one before',
    tags,
    querystring: ListQuery,
    response: { 200: PageOf(Item), default: Problem },
  }
  app.get('/v1/audit', { ...guards.viewer, schema: list }, async ({ query }) => {
    const { limit } = pageOf(query)
    const items = await deps.audit.list({ limit, after: Number(query.after ?? 0), since: sinceOf(query) })
    return { items: items.map(toItem), next: items.length < limit ? null : String(items.at(-1)?.sequence) }
  })

  const verify = {
    operationId: 'verifyAudit',
    summary: 'Verify a part of the record while it is in use',
    tags,
    querystring: VerifyQuery,
    response: { 200: Verified, default: Problem },
  }
  app.get('/v1/audit/verification', { ...guards.viewer, schema: verify }, async ({ query }) => {
    return deps.audit.verify(query.after ?? null)
  })

  const content = { [JSON_LINES]: { schema: Type.Unsafe<Readable>({ type: 'string' }) } }
  const description = 'One row a line: intents, results, actions; at last `{ "head": JWS }`'
  const exported = {
    operationId: 'exportAudit',
    summary: 'Export the record with a signed head',
    tags,
    querystring: ExportQuery,
    response: { 200: { description, content }, default: Problem },
  }
  app.get('/v1/audit/export', { ...guards.admin, schema: exported }, async ({ query, id }, reply) => {
    const lines = await deps.audit.export(sinceOf(query))
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy())
    return reply
      .headers({ 'content-type': JSON_LINES, 'cache-control': 'no-store' })
      .send(Readable.from(logged(lines, deps.log, id)))
  })
}

/** The answer has begun when a line fails: it is cut off, without its head, and the log says why. */
async function* logged(lines: AsyncIterable<string>, log: Log, requestId: string): AsyncGenerator<Buffer> {
  try {
    for await (const line of lines) yield Buffer.from(line)
  } catch (error) {
    log.error('audit.export_failed', { error, requestId })
    throw error
  }
}

function sinceOf(query: { readonly since?: string }): UnixMillis | null {
  return query.since === undefined ? null : parseTimestamp(query.since, 'since')
}

function toItem({ at, detail, ...fields }: ChainedAction): Static<typeof Item> {
  return { ...fields, at: toMillisTimestamp(at), detail: { ...detail } }
}
