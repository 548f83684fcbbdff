import type { Database } from 'better-sqlite3'
import {
  BUNDLE_PROFILES,
  type ForeignBundleChange,
  type RelationshipRemoval,
  type StoredRelationship,
} from '../ca/federation/relationship.ts'
import { AppError } from '../kernel/errors.ts'
import type { AdminActions } from './admin-actions.ts'
import { parseStored } from './stored-value.ts'

/** Each is polled, and its bundle is in memory. */
const MAX_ROWS = 100

interface FederationRow {
  readonly trust_domain: string
  readonly url: string
  readonly profile: string
  readonly endpoint_spiffe_id: string | null
  readonly allow_private_address: number
  readonly added_at: number
  readonly added_by: string
  readonly bundle: string | null
  readonly fetched_at: number | null
}

/** Foreign trust domains and their bundles on disk. */
export class FederationTable {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #all
  readonly #exists
  readonly #count
  readonly #insert
  readonly #update
  readonly #delete

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#all = db.prepare<[], FederationRow>(
      `SELECT trust_domain, url, profile, endpoint_spiffe_id, allow_private_address, added_at, added_by, bundle,
       fetched_at FROM federation ORDER BY trust_domain`,
    )
    this.#exists = db.prepare<[string]>('SELECT 1 FROM federation WHERE trust_domain = ?')
    this.#count = db.prepare<[], number>('SELECT count(*) FROM federation').pluck()
    this.#insert = db.prepare(
      `INSERT INTO federation (trust_domain, url, profile, endpoint_spiffe_id, allow_private_address, added_at,
       added_by, bundle, fetched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#update = db.prepare<[string, number, string, number]>(
      'UPDATE federation SET bundle = ?, fetched_at = ? WHERE trust_domain = ? AND added_at = ?',
    )
    this.#delete = db.prepare<[string]>('DELETE FROM federation WHERE trust_domain = ?')
  }

  load(): readonly StoredRelationship[] {
    return this.#all.all().map(fromRow)
  }

  /** With its admin record. */
  add(relationship: StoredRelationship): void {
    const { trustDomain, url, profile, endpointSpiffeId, allowPrivateAddress, addedAt, addedBy, bundle } = relationship
    const { document = null, fetchedAt = null } = bundle ?? {}
    this.#db.transaction(() => {
      if (this.#exists.get(trustDomain) !== undefined) {
        throw new AppError(
          'resource.conflict',
          `there is a federation with \`${trustDomain}\` already: remove it first`,
        )
      }
      if ((this.#count.get() ?? 0) >= MAX_ROWS) {
        throw new AppError('limit.size', `there are ${MAX_ROWS} foreign trust domains: remove those that nobody needs`)
      }
      const isPrivate = allowPrivateAddress ? 1 : 0
      this.#insert.run(trustDomain, url, profile, endpointSpiffeId, isPrivate, addedAt, addedBy, document, fetchedAt)
      const detail = { url, profile, endpointSpiffeId, allowPrivateAddress, bundle: bundle !== null }
      this.#actions.append({ at: addedAt, actor: addedBy, action: 'federation.add', target: trustDomain, detail })
    })()
  }

  /** False when there is no such relationship. */
  saveBundle({ trustDomain, addedAt, document, fetchedAt }: ForeignBundleChange): boolean {
    return this.#update.run(document, fetchedAt, trustDomain, addedAt).changes === 1
  }

  /** With its admin record; false when there is no such relationship. */
  remove({ trustDomain, actor, at }: RelationshipRemoval): boolean {
    return this.#db.transaction(() => {
      if (this.#delete.run(trustDomain).changes === 0) return false
      this.#actions.append({ at, actor, action: 'federation.remove', target: trustDomain, detail: {} })
      return true
    })()
  }
}

function fromRow(row: FederationRow): StoredRelationship {
  return {
    trustDomain: row.trust_domain,
    url: row.url,
    profile: parseStored(BUNDLE_PROFILES, row.profile, 'federation.profile'),
    endpointSpiffeId: row.endpoint_spiffe_id,
    allowPrivateAddress: row.allow_private_address === 1,
    addedAt: row.added_at,
    addedBy: row.added_by,
    bundle: row.bundle === null || row.fetched_at === null ? null : { document: row.bundle, fetchedAt: row.fetched_at },
  }
}
