import type { IncomingHttpHeaders } from 'node:http'
import type { Precondition } from '../../mesh/change-request.ts'
import type { StoredResource } from '../../mesh/resource-store.ts'
import { findResource, type ResourceSet } from '../../mesh/snapshot.ts'
import { isKnownTag, tagsOf } from './etag.ts'

/** The tag of one object. */
export function tagOfResource({ version }: StoredResource): string {
  return `"${version}"`
}

/** The tag of all stored resources: it changes with any of them. */
export function tagOfSet({ version }: ResourceSet): string {
  return `"set-${version}"`
}

/**
 * What `If-Match` and `If-None-Match` demand of a change (RFC 9110 §13.1): tags of the set, or of the object where the
 * change is of one; `*` stands for every object that the change names. Nothing without these headers.
 */
export function preconditionOf(headers: IncomingHttpHeaders): { readonly precondition?: Precondition } {
  const { 'if-match': wanted, 'if-none-match': unwanted } = headers
  if (wanted === undefined && unwanted === undefined) return {}
  const precondition: Precondition = (set, keys) => {
    const stored = keys.map((key) => findResource(set, key))
    const [only] = stored.length === 1 ? stored : []
    const tags = [tagOfSet(set), ...(only === null || only === undefined ? [] : [tagOfResource(only)])]
    return (
      (wanted === undefined || matches(wanted, tags, stored)) &&
      (unwanted === undefined || isNew(unwanted, tags, stored))
    )
  }
  return { precondition }
}

type Stored = readonly (StoredResource | null)[]

function matches(header: string, tags: readonly string[], stored: Stored): boolean {
  return tagsOf(header).some((tag) => (tag === '*' ? !stored.includes(null) : tags.includes(tag)))
}

function isNew(header: string, tags: readonly string[], stored: Stored): boolean {
  if (tagsOf(header).includes('*')) return stored.every((one) => one === null)
  return !tags.some((tag) => isKnownTag(tag, header))
}
