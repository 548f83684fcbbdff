import type { Json, JsonObject } from './json.ts'
import type { Column } from './layout.ts'
import type { Style } from './style.ts'

/** A JSON value in a cell; what is absent is empty. */
export function toText(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

/** A column of a field as it is. */
export function field(heading: string, name: string): Column<JsonObject> {
  return { heading, cell: (item) => toText(item[name]) }
}

/** A column of a field that is a time. */
export function timeField(heading: string, name: string, style: Style): Column<JsonObject> {
  return { heading, cell: (item) => style.shortTime(toText(item[name])) }
}
