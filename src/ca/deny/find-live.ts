import type { UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { IssuanceQuery } from '../record.ts'
import type { DenyTarget } from './deny-list.ts'

/** What revoking needs to know of a certificate that was issued. */
export interface IssuedCertificate {
  readonly serial: string
  readonly identity: string
  readonly authority: string
  readonly notAfter: UnixSeconds
}

/** Certificates of one key; the record has no index of keys, so a part of it is read at a time, oldest first. */
export interface KeyQuery {
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string
  /** Only those that expire after it. */
  readonly now: UnixMillis
  /** Where the last part ended; absent: the first. */
  readonly after?: number
}

export interface KeySearch {
  /** `next` is where the next part begins; null at the end. */
  findIssuedByKey(
    query: KeyQuery,
  ): Promise<{ readonly items: readonly IssuedCertificate[]; readonly next: number | null }>
}

export interface LiveQuery {
  readonly now: UnixMillis
  /** None of the identity that was issued before it is looked for. */
  readonly since: UnixMillis
}

const PAGE_ROWS = 1000

/** The certificates of a serial, an identity or a public key that have not expired, part by part. */
export function findLive(
  record: IssuanceQuery & KeySearch,
  { kind, value }: DenyTarget,
  query: LiveQuery,
): AsyncGenerator<readonly IssuedCertificate[]> {
  if (kind === 'key') return findByKey(record, { now: query.now, spkiSha256: value })
  if (kind === 'identity') return findListed(record, { identity: value }, query)
  return findListed(record, { serial: value }, { ...query, since: 0 }) // it may be an authority's, older than all others
}

async function* findListed(
  record: IssuanceQuery,
  filter: { readonly serial: string } | { readonly identity: string },
  { now, since }: LiveQuery,
): AsyncGenerator<readonly IssuedCertificate[]> {
  let after: string | null = null
  do {
    const page = { limit: PAGE_ROWS, ...(after === null ? {} : { after }) }
    const { items, next } = await record.listIssued({ ...filter, since, ...page })
    yield items.filter(({ notAfter }) => notAfter > now / 1000)
    after = next
  } while (after !== null)
}

async function* findByKey(record: KeySearch, query: KeyQuery): AsyncGenerator<readonly IssuedCertificate[]> {
  let after: number | null = null
  do {
    const { items, next } = await record.findIssuedByKey(after === null ? query : { ...query, after })
    yield items
    after = next
  } while (after !== null)
}
