import { AppError } from '../kernel/errors.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Kind, Resource } from './resource.ts'
import type { ResourceSet } from './snapshot.ts'

/** Which resources; absent means any. */
export interface ResourceQuery extends PageRequest {
  readonly kind?: Kind
  readonly namespace?: string
}

/** The sort key of the last resource of a page. */
type Position = readonly [namespace: string, kind: string, name: string]

/** One page of the resources by namespace, kind and name; `request.malformed` for a cursor that is none. */
export function listResources(set: ResourceSet, query: ResourceQuery): Page<Resource> {
  const after = query.after === undefined ? null : parsePosition(query.after)
  const found: Resource[] = []
  for (const resource of resourcesOf(set, query)) {
    if (query.kind !== undefined && resource.kind !== query.kind) continue
    if (after !== null && compare(positionOf(resource), after) <= 0) continue
    found.push(resource)
    if (found.length > query.limit) break
  }
  const items = found.slice(0, query.limit)
  const last = items.at(-1)
  return { items, next: found.length > query.limit && last !== undefined ? toCursor(positionOf(last)) : null }
}

function* resourcesOf(set: ResourceSet, { namespace, after }: ResourceQuery): Generator<Resource> {
  const from = after === undefined ? '' : parsePosition(after)[0]
  const names = namespace === undefined ? [...set.namespaces.keys()].sort() : [namespace]
  for (const name of names) {
    const held = name < from ? undefined : set.namespaces.get(name)
    if (held === undefined) continue
    yield* held.policies // sorted by kind and name, and `WorkloadEntry` is the last of the kinds
    yield* held.workloads
  }
}

function positionOf({ kind, metadata: { namespace, name } }: Resource): Position {
  return [namespace, kind, name]
}

function compare(a: Position, b: Position): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] ?? ''
    if (part !== other) return part < other ? -1 : 1
  }
  return 0
}

function toCursor(position: Position): string {
  return Buffer.from(position.join('/')).toString('base64url')
}

function parsePosition(cursor: string): Position {
  const [namespace, kind, name, ...more] = Buffer.from(cursor, 'base64url').toString().split('/')
  if (namespace !== undefined && kind !== undefined && name !== undefined && more.length === 0) {
    const position: Position = [namespace, kind, name]
    if (toCursor(position) === cursor) return position
  }
  throw new AppError('request.malformed', '`after` is not a cursor of an earlier answer')
}
