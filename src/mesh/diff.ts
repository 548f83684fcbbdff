import { isJsonObject } from '../kernel/json-object.ts'

/** One place where two values differ; a side is absent where the place does not exist there. */
export interface Difference {
  /** As in `spec.rules[0].to`; empty for the whole value. */
  readonly path: string
  readonly from?: unknown
  readonly to?: unknown
}

/** Every place where two JSON values differ, lists compared by position; empty when they are the same. */
export function differences(from: unknown, to: unknown, path = ''): readonly Difference[] {
  if (from === to) return []
  if (Array.isArray(from) && Array.isArray(to)) return differencesOfLists(from, to, path)
  if (isJsonObject(from) && isJsonObject(to)) return differencesOfMaps(from, to, path)
  return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]
}

function differencesOfLists(from: readonly unknown[], to: readonly unknown[], path: string): readonly Difference[] {
  const length = Math.max(from.length, to.length)
  return Array.from({ length }, (_, i) => differences(from[i], to[i], `${path}[${i}]`)).flat()
}

type JsonMap = Readonly<Record<string, unknown>>

function differencesOfMaps(from: JsonMap, to: JsonMap, path: string): readonly Difference[] {
  const names = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...names].flatMap((name) => differences(own(from, name), own(to, name), below(path, name)))
}

/** A label may be called `constructor`. */
function own(map: JsonMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/** Names with signs of their own, such as label keys, stand in brackets. */
function below(path: string, name: string): string {
  if (!/^\w+$/.test(name)) return `${path}[${JSON.stringify(name)}]`
  return path === '' ? name : `${path}.${name}`
}
