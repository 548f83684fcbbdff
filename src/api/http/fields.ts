import { type TSchema, Type } from 'typebox'
import { DURATION_FORM, toSeconds } from '../../kernel/duration.ts'
import { AppError } from '../../kernel/errors.ts'
import type { PageRequest } from '../../kernel/page.ts'

export const Timestamp = Type.String({ description: 'RFC 3339, UTC' })
export const Identity = Type.String({ description: 'SPIFFE ID, spiffe://<trust domain>/<path>' })
export const Pem = Type.String({ description: 'One certificate, PEM, ending in a newline' })
export const Serial = Type.String({ description: '32 lower-case hex digits' })

/** A serial as callers give it; `toSerial` makes it one. */
export const SerialText = Type.String({ pattern: '^[0-9a-fA-F]{1,32}$', description: 'Hex' })

/** As it is recorded: lower case, 32 digits. */
export function toSerial(text: string): string {
  return text.toLowerCase().padStart(32, '0')
}

/** Whether it is one is judged by `ttlOf`, which has its own code. */
export const Duration = Type.Union([Type.String(), Type.Number()], { description: DURATION_FORM })

/** `ttlSeconds` of a `ttl` field, or nothing when it was left out; `issue.ttl_invalid` (hostile 43). */
export function ttlOf(ttl: string | number | undefined): { readonly ttlSeconds?: number } {
  if (ttl === undefined) return {}
  const ttlSeconds = toSeconds(ttl)
  if (ttlSeconds !== null && ttlSeconds > 0) return { ttlSeconds }
  throw new AppError('issue.ttl_invalid', `\`ttl\` must be ${DURATION_FORM}, and longer than nothing`)
}

/** The parameters of every list. */
export const pageFields = {
  limit: Type.Optional(
    Type.String({ pattern: '^(?:[1-9][0-9]{0,2}|1000)$', description: 'Items on a page, 1 to 1000; 100 if absent' }),
  ),
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: '`next` of an earlier page' })),
}

const DEFAULT_LIMIT = 100

export function pageOf(query: { readonly limit?: string; readonly after?: string }): PageRequest {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit)
  return query.after === undefined ? { limit } : { limit, after: query.after }
}

/** One page of `item`. */
export function PageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as `after`; null on the last page' }),
  })
}
