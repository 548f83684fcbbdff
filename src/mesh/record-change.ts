import type { AdminAction } from '../kernel/admin-record.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { differences } from './diff.ts'
import { type Resource, toKeyText } from './resource.ts'
import { keyOf } from './snapshot.ts'

/** One object before and after a change; null where it is not there. */
export interface Pair {
  readonly before: Resource | null
  readonly after: Resource | null
}

/** Who changes the set, when, and to which version. */
interface Occasion {
  readonly actor: string
  readonly now: UnixMillis
  readonly version: number
}

/** The admin record of one changed object, with its whole difference: `resource.create`, `.update` or `.delete`. */
export function toAdminRecord({ before, after }: Pair, { actor, now, version }: Occasion): AdminAction {
  const resource = after ?? before
  if (resource === null) throw new TypeError('a record of no object')
  const verb = before === null ? 'create' : after === null ? 'delete' : 'update'
  const diff = JSON.stringify(differences(before ?? undefined, after ?? undefined))
  return { at: now, actor, action: `resource.${verb}`, target: toKeyText(keyOf(resource)), detail: { version, diff } }
}
