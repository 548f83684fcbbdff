import { isJsonObject } from '../kernel/json-object.ts'
import type { Json, JsonObject } from './attributes.ts'

/** What a claim holds, found by names that descend into objects; undefined when it is missing. */
export function claimAt(claims: JsonObject | null, path: readonly string[]): Json | undefined {
  let at: Json | undefined = claims ?? undefined
  for (const name of path) {
    if (!isJsonObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}
