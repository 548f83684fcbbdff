import type { Headers } from './request.ts'

const NONE: readonly string[] = []

/** Header fields from a list; blanks around values are not part of them (RFC 9110 §5.5). */
export function toHeaders(sent: readonly (readonly [name: string, value: string])[]): Headers {
  const fields = sent.map(([name, value]) => [name, value.trim()] as const)
  return {
    joined: false,
    values(name) {
      let found: string[] | null = null
      for (const [field, value] of fields) {
        if (field.length !== name.length || field.toLowerCase() !== name) continue
        if (found === null) found = [value]
        else found.push(value)
      }
      return found ?? NONE
    },
    entries: () => fields,
  }
}

/** The same fields with some replaced (a list of values) or removed (an empty list), by lower-case name. */
export function withFields(headers: Headers, changes: ReadonlyMap<string, readonly string[]>): Headers {
  if (changes.size === 0) return headers
  return {
    joined: headers.joined,
    values: (name) => changes.get(name) ?? headers.values(name),
    entries: () => changedEntries(headers, changes),
  }
}

function* changedEntries(
  headers: Headers,
  changes: ReadonlyMap<string, readonly string[]>,
): Iterable<readonly [string, string]> {
  for (const entry of headers.entries()) if (!changes.has(entry[0].toLowerCase())) yield entry
  for (const [name, values] of changes) for (const value of values) yield [name, value]
}
