import { isDeepStrictEqual } from 'node:util'
import type { TSchema } from 'typebox'
import Type from 'typebox'
import type { Config } from './config.ts'
import { optionsOf } from './key.ts'
import { isMap } from './readers.ts'
import { configSchema } from './schema.ts'

/** What a new configuration changes: sections that take effect at once, and paths that count only after a restart. */
export interface ConfigChange {
  readonly changed: readonly string[]
  readonly refused: readonly string[]
}

/** Compares the configuration in force with a new one, key by key. */
export function reloadable(old: Config, next: Config): ConfigChange {
  const changed: string[] = []
  const refused: string[] = []
  for (const [name, schema] of Object.entries(configSchema.properties)) {
    const section = name as keyof typeof configSchema.properties
    if (isDeepStrictEqual(old[section], next[section])) continue
    if (optionsOf(schema).reloadable === true) changed.push(name)
    else refused.push(...differences(schema, { path: name, old: old[section], next: next[section] }))
  }
  return { changed, refused }
}

interface Pair {
  readonly path: string
  readonly old: unknown
  readonly next: unknown
}

/** Paths of the keys that differ; lists and single keys are compared as a whole. */
function differences(schema: TSchema, { path, old, next }: Pair): string[] {
  if (isDeepStrictEqual(old, next)) return []
  if (!Type.IsObject(schema) || !isMap(old) || !isMap(next)) return [path]
  return Object.entries(schema.properties).flatMap(([name, child]) =>
    differences(child, { path: `${path}.${name}`, old: old[name], next: next[name] }),
  )
}
