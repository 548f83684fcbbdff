import type { Database } from 'better-sqlite3'
import { AppError } from '../kernel/errors.ts'
import { KINDS, type Resource, type StringMap } from '../mesh/resource.ts'
import type { ResourceChange, ResourcePage, StoredResource } from '../mesh/resource-store.ts'
import type { AdminActions } from './admin-actions.ts'
import { parseStored, parseStoredObject } from './stored-value.ts'

const PAGE_ROWS = 500

interface ResourceRow {
  readonly number: number
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly api_version: string
  readonly labels: string | null
  readonly annotations: string | null
  readonly created_at: string
  readonly spec: string
  readonly version: number
  readonly owner: string | null
}

/** Mesh resources and the version of their set on disk. */
export class ResourceTable {
  readonly #db: Database
  readonly #actions: AdminActions
  readonly #upsert
  readonly #remove
  readonly #page
  readonly #version
  readonly #advance

  constructor(db: Database, actions: AdminActions) {
    this.#db = db
    this.#actions = actions
    this.#upsert = db.prepare(
      `INSERT INTO resources (kind, namespace, name, api_version, labels, annotations, created_at, spec, version, owner)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, namespace, name) DO UPDATE SET
       api_version = excluded.api_version, labels = excluded.labels, annotations = excluded.annotations,
       created_at = excluded.created_at, spec = excluded.spec, version = excluded.version, owner = excluded.owner`,
    )
    this.#remove = db.prepare<[string, string, string]>(
      'DELETE FROM resources WHERE kind = ? AND namespace = ? AND name = ?',
    )
    this.#page = db.prepare<[number, number], ResourceRow>(
      `SELECT number, kind, namespace, name, api_version, labels, annotations, created_at, spec, version, owner
       FROM resources WHERE number > ? ORDER BY number LIMIT ?`,
    )
    this.#version = db.prepare<[], number>('SELECT version FROM resource_state').pluck()
    this.#advance = db.prepare<[number, number]>('UPDATE resource_state SET version = ? WHERE version = ?')
  }

  load(after: number): ResourcePage {
    const rows = this.#page.all(after, PAGE_ROWS)
    const last = rows.length === PAGE_ROWS ? rows.at(-1) : undefined
    return { version: this.#version.get() ?? 0, items: rows.map(fromRow), next: last?.number ?? null }
  }

  /** All of the change, with its admin records, in one transaction. */
  save({ version, put, remove, records }: ResourceChange): void {
    this.#db.transaction(() => {
      if (this.#advance.run(version, version - 1).changes === 0) {
        throw new AppError('resource.conflict', 'the stored resources have changed meanwhile: try again')
      }
      for (const { kind, namespace, name } of remove) this.#remove.run(kind, namespace, name)
      for (const stored of put) this.#upsert.run(...toRow(stored))
      for (const record of records) this.#actions.append(record)
    })()
  }
}

function toRow({ resource, version, owner }: StoredResource): readonly unknown[] {
  const { kind, apiVersion, metadata, spec } = resource
  const { namespace, name, labels, annotations, creationTimestamp } = metadata
  return [
    ...[kind, namespace, name, apiVersion, toJson(labels), toJson(annotations)],
    ...[creationTimestamp, JSON.stringify(spec), version, owner],
  ]
}

function toJson(map: StringMap | undefined): string | null {
  return map === undefined ? null : JSON.stringify(map)
}

function fromRow(row: ResourceRow): StoredResource {
  const kind = parseStored(KINDS, row.kind, 'resources.kind')
  const metadata = {
    name: row.name,
    namespace: row.namespace,
    ...(row.labels === null ? {} : { labels: parseStoredObject(row.labels, 'resources.labels') }),
    ...(row.annotations === null ? {} : { annotations: parseStoredObject(row.annotations, 'resources.annotations') }),
    creationTimestamp: row.created_at,
  }
  const spec = parseStoredObject(row.spec, 'resources.spec')
  // Only objects that validation let pass are stored, and the file is ours alone (0600).
  const resource = { apiVersion: row.api_version, kind, metadata, spec } as Resource
  return { resource, version: row.version, owner: row.owner }
}
