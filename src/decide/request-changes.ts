import { withFields } from '../policy/headers.ts'
import type { Headers } from '../policy/request.ts'
import type { Mutations } from './decide.ts'
import type { Granted } from './judgement.ts'

/** What the phases of one request change in it. */
export interface RequestChanges {
  readonly granted: Granted
  /** What verified tokens leave; null when they change nothing. */
  readonly tokens: Mutations | null
  /** With its query; null when it is the one that was sent. */
  readonly path: string | null
}

/** All of it as one change, null when there is none: tokens come after the provider, so what they remove is gone. */
export function toMutations({ granted, tokens, path }: RequestChanges): Mutations | null {
  if (path === null && tokens === null && changesNothing(granted)) return null
  const { remove = [], set = [], removeParams = [] } = tokens ?? {}
  const kept = granted.set.filter(([name]) => !remove.includes(name.toLowerCase()))
  return { remove: [...granted.remove, ...remove], set: [...kept, ...set], removeParams, path }
}

/** The header fields after a provider's changes. */
export function withGranted(headers: Headers, granted: Granted): Headers {
  if (changesNothing(granted)) return headers
  const { remove, set } = granted
  const changes = new Map<string, readonly string[]>(remove.map((name) => [name.toLowerCase(), []]))
  for (const [name, fields] of Map.groupBy(set, ([field]) => field.toLowerCase())) {
    changes.set(
      name,
      fields.map(([, value]) => value),
    )
  }
  return withFields(headers, changes)
}

function changesNothing({ remove, set }: Granted): boolean {
  return remove.length === 0 && set.length === 0
}
