import { type Static, Type } from 'typebox'
import type { CrlState } from '../../ca/crl/crl.ts'
import { AppError } from '../../kernel/errors.ts'
import { shortDigest } from '../../kernel/short-digest.ts'
import { Kind } from './authority-fields.ts'
import type { App } from './base.ts'
import type { HttpDeps } from './deps.ts'
import { PageOf, Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import { sendTagged } from './tagged.ts'
import { toTimestamp } from './time.ts'

const PEM_TYPE = 'application/x-pem-file'
const CRL_TYPE = 'application/pkix-crl' // RFC 2585 §4.2

const NotModified = Type.Null({ description: 'It is the one of `If-None-Match`' })
const OrNull = <T extends ReturnType<typeof Type.Integer> | typeof Timestamp>(type: T) =>
  Type.Union([type, Type.Null()])

const Item = Type.Object({
  authority: Type.String({ description: 'Id of the authority that signed it, or has to' }),
  kind: Kind,
  number: OrNull(
    Type.Integer({ description: 'CRL number; null when there is no CRL, or one from elsewhere without it' }),
  ),
  thisUpdate: OrNull(Timestamp),
  nextUpdate: OrNull(Timestamp),
  entries: Type.Integer({ description: 'Certificates that it revokes' }),
  warning: Type.Union([Type.String({ description: 'What is wrong with it' }), Type.Null()]),
})

/** `/v1/crl`, `/v1/crl/{authorityId}` and `/v1/crls`: which certificates were revoked, for anyone. */
export function addCrl(app: App, deps: HttpDeps): void {
  const tags = ['crl']
  const all = {
    operationId: 'getCrls',
    summary: 'The CRLs of all trusted authorities as PEM, one after the other',
    tags,
    response: {
      200: { description: 'X509 CRL blocks', content: { [PEM_TYPE]: { schema: Type.String() } } },
      304: NotModified,
      default: Problem,
    },
  }
  app.get('/v1/crl', { schema: all }, async (request, reply) => {
    const { etag, pem: body } = deps.crls.current()
    return sendTagged(request, reply, { etag, type: PEM_TYPE, body })
  })

  const one = {
    operationId: 'getCrl',
    summary: 'The CRL of one authority as DER',
    tags,
    params: Type.Object({ authorityId: Type.String({ maxLength: 100 }) }),
    response: {
      200: { description: 'RFC 5280 §5', content: { [CRL_TYPE]: { schema: Type.String({ format: 'binary' }) } } },
      304: NotModified,
      default: Problem,
    },
  }
  app.get('/v1/crl/:authorityId', { schema: one }, async (request, reply) => {
    const { authorityId } = request.params
    const crl = deps.crls.current().states.find(({ authority }) => authority === authorityId)?.crl ?? null
    if (crl === null) throw new AppError('resource.not_found', 'no trusted authority with this id has a CRL')
    return sendTagged(request, reply, { etag: `"${shortDigest(crl.der)}"`, type: CRL_TYPE, body: crl.der })
  })

  const list = {
    operationId: 'listCrls',
    summary: 'What CRLs there are, how old they are, and what is wrong with them',
    tags,
    response: { 200: PageOf(Item), default: Problem },
  }
  app.get('/v1/crls', { schema: list }, async () => {
    return { items: deps.crls.current().states.map(toItem), next: null }
  })
}

function toItem({ authority, kind, crl, warning }: CrlState): Static<typeof Item> {
  return {
    authority,
    kind,
    number: crl?.number ?? null,
    thisUpdate: crl === null ? null : toTimestamp(crl.thisUpdate),
    nextUpdate: crl === null ? null : toTimestamp(crl.nextUpdate),
    entries: crl?.entries ?? 0,
    warning,
  }
}
