import type { Reader } from './key.ts'
import { quote, ValueProblem } from './problems.ts'
import { isMap, text } from './readers.ts'

/** RFC 9110 §5.6.2, without `*`, which stands for any text at one end of a pattern. */
const TOKEN = /^[A-Za-z0-9!#$%&'+.^_`|~-]{1,128}$/

/** The name of a header, or its beginning or end: `x-user`, `x-user-*`, `*-id`. */
export const headerPattern = text('header name, `prefix*` or `*suffix`', (value) => {
  const name = value.endsWith('*') ? value.slice(0, -1) : value.startsWith('*') ? value.slice(1) : value
  if (!TOKEN.test(name)) return 'must be the name of a header, with `*` at most first or last'
  return name.toLowerCase() === 'host' ? 'Host cannot be picked' : null
})

/** Headers with their values: visible characters and spaces. */
export const headerMap: Reader<Record<string, string>> = {
  form: 'map of header names to values',
  read(value) {
    if (!isMap(value)) throw new ValueProblem(`must be a map, not ${quote(value)}`)
    return Object.fromEntries(Object.entries(value).map(readHeader))
  },
}

function readHeader([name, value]: readonly [string, unknown]): [string, string] {
  if (!TOKEN.test(name)) throw new ValueProblem(`${quote(name)} is no name of a header`)
  if (typeof value === 'string' && /^[\x20-\x7e]{0,1024}$/.test(value)) return [name, value]
  throw new ValueProblem(`${quote(name)} must be text of at most 1,024 printable characters`)
}
