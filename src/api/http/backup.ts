import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { Problem } from './problem.ts'
import type { Guards } from './roles.ts'

const BACKUP_TYPE = 'application/octet-stream'
/** A client that takes nothing for so long is gone; the store keeps its file unchanged only so long. */
const STALLED_MS = 60_000

const Body = Type.Object(
  {
    passphrase: Type.String({
      minLength: 8, // NIST SP 800-63B §5.1.1.2
      maxLength: 1024,
      description: 'Encrypts the backup; without it nobody opens it again',
    }),
  },
  { additionalProperties: false },
)

/** `POST /v1/backup`: the record, the keys and the certificates as one encrypted stream, for administrators. */
export function addBackup(app: App, deps: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'createBackup',
    summary: 'Take a backup, encrypted with a passphrase',
    tags: ['backup'],
    body: Body,
    response: {
      200: {
        description: 'The backup; one whose connection broke off is none',
        content: { [BACKUP_TYPE]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } },
      },
      default: Problem,
    },
  }
  app.post('/v1/backup', { ...guards.admin, schema }, async (request, reply) => {
    const backup = await deps.backup({ passphrase: request.body.passphrase, actor: request.actor })
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy())
    return reply.headers({ 'content-type': BACKUP_TYPE, 'cache-control': 'no-store' }).send(backup)
  })
}
