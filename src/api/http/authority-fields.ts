import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { AUTHORITY_KINDS, type AuthorityKind } from '../../ca/authority.ts'
import type { Standing } from '../../ca/rotation/measures.ts'
import { AppError } from '../../kernel/errors.ts'
import { isJwtKeyType } from '../../pki/jws.ts'
import { KEY_TYPES, type KeyType } from '../../pki/key-types.ts'
import { Timestamp } from './fields.ts'
import { toTimestamp } from './time.ts'

export const Kind = Type.Enum([...AUTHORITY_KINDS])
export const KeyTypeField = Type.Enum([...KEY_TYPES], { description: 'The configured one if absent' })
export const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'For the record' })

export const CrossSignField = Type.Boolean({
  description: 'Of a root: let the old one certify it, so that nobody is waited for; as configured if absent',
})

/** Whom a gate waits for. */
export const Waiting = Type.Union([
  Type.Object(
    {
      certificates: Type.Integer({ description: '0 where only time has to pass' }),
      latestExpiry: Type.String({ description: 'When the last of them expires; RFC 3339, UTC' }),
    },
    { description: 'Certificates that have to be renewed or to expire before it goes on' },
  ),
  Type.Null(),
])

export function toWaiting(standing: Standing | null): Static<typeof Waiting> {
  if (standing === null) return null
  const { certificates, latestExpiry } = standing
  return { certificates, latestExpiry: toTimestamp(latestExpiry) }
}

export const NextStepField = Type.Union([
  Type.Object({ do: Type.String(), at: Timestamp, waitingFor: Type.Optional(Type.String()) }),
  Type.Null(),
])

/** Route option for bodies of which every field may be left out: then the whole body may be. */
export const EMPTY_BODY_ALLOWED = {
  preValidation: (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
    request.body ??= {}
    done()
  },
} as const

/** `request.malformed` for a key that no JWT can be signed with (RFC 7518 §3.1). */
export function refuseUnfitKey(kind: AuthorityKind, keyType: KeyType | undefined): void {
  if (kind !== 'jwt' || keyType === undefined || isJwtKeyType(keyType)) return
  throw new AppError('request.malformed', `a key of type \`${keyType}\` signs no JWT: choose another \`keyType\``)
}

/** The reason that was given; `request.malformed` where there is none and `why` demands one. */
export function reasonFor(reason: string | undefined, why: string): string {
  if (reason !== undefined) return reason
  throw new AppError('request.malformed', `${why} needs a \`reason\`, for the record`)
}
