import { compareTexts } from '../../kernel/compare-texts.ts'
import type { JwtRule } from '../../mesh/resource.ts'
import type { Headers } from '../../policy/request.ts'
import { firstParameter, toWireText } from './query.ts'

/** Where a rule looks for tokens. Header names are in lower case, parameters in wire form. */
export type Location =
  | { readonly in: 'header'; readonly name: string; readonly prefix: string }
  | { readonly in: 'param'; readonly name: string }
  | { readonly in: 'cookie'; readonly name: string }

export interface FoundToken {
  readonly token: string
  readonly at: Location
}

const DEFAULT_HEADERS = [{ name: 'authorization', prefix: 'Bearer ' }]
const DEFAULT_PARAMS = ['access_token']

/** The locations of a rule in the order in which Envoy tries them: cookies, parameters, headers, each sorted backwards. */
export function toLocations(rule: JwtRule): readonly Location[] {
  const given = [rule.fromHeaders, rule.fromParams, rule.fromCookies].some((list) => (list ?? []).length > 0)
  const headers = ((given ? rule.fromHeaders : DEFAULT_HEADERS) ?? []).map(
    ({ name, prefix }) => ({ in: 'header', name: name.toLowerCase(), prefix: prefix ?? '' }) as const,
  )
  const params = ((given ? rule.fromParams : DEFAULT_PARAMS) ?? []).map(
    (name) => ({ in: 'param', name: toWireText(name) }) as const,
  )
  const cookies = (rule.fromCookies ?? []).map((name) => ({ in: 'cookie', name }) as const)
  return [cookies, params, headers].flatMap((locations) => sortedBackwards<Location>(locations))
}

function sortedBackwards<L extends Location>(locations: readonly L[]): readonly L[] {
  const byKey = new Map(locations.map((location) => [keyOf(location), location]))
  return [...byKey].sort(([a], [b]) => compareTexts(b, a)).map(([, location]) => location)
}

function keyOf(location: Location): string {
  return location.in === 'header' ? location.name + location.prefix : location.name
}

/** Every token that stands in the locations, in their order; null when there is none. */
export function findTokens(locations: readonly Location[], headers: Headers, query: string): FoundToken[] | null {
  let found: FoundToken[] | null = null
  const add = (token: string, at: Location) => {
    found ??= []
    found.push({ token, at })
  }
  for (const at of locations) {
    if (at.in === 'header') {
      for (const value of valuesOf(headers, at.name).toReversed()) {
        const token = tokenIn(value, at.prefix)
        if (token !== null) add(token, at)
      }
      continue
    }
    const token = at.in === 'param' ? firstParameter(query, at.name) : firstCookie(headers, at.name)
    if (token !== null) add(token, at)
  }
  return found
}

/** Fields whose repeats Envoy joins with a comma as it reads them; of any other field it sees each value on its own. */
const JOINED: ReadonlySet<string> = new Set(
  'authorization accept accept-encoding cache-control origin referer user-agent via x-forwarded-for x-request-id'.split(
    ' ',
  ),
)

function valuesOf(headers: Headers, name: string): readonly string[] {
  const values = headers.values(name)
  return values.length > 1 && JOINED.has(name) ? [values.map(fieldValue).join(',')] : values.map(fieldValue)
}

/** Blanks around it are no part of a field's value (RFC 9110 §5.5). */
function fieldValue(text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

const FIRST_OF_TOKEN = /[\w.-]/g

/**
 * The token in a field's value; null when the prefix is not in it. With a prefix, it begins at the first character
 * behind it that may stand in a token; without any such character the whole value is taken, and fails.
 */
function tokenIn(value: string, prefix: string): string | null {
  if (prefix === '') return value
  const at = value.indexOf(prefix)
  if (at < 0) return null
  FIRST_OF_TOKEN.lastIndex = at + prefix.length
  const first = FIRST_OF_TOKEN.exec(value)
  return first === null ? value : value.slice(first.index)
}

/** The value of the first cookie `name`, without the quotes around it (RFC 6265 §4.1.1). */
function firstCookie(headers: Headers, name: string): string | null {
  for (const field of headers.values('cookie')) {
    for (const cookie of fieldValue(field).split(';')) {
      const equals = cookie.indexOf('=')
      if (equals < 0 || withoutLeadingBlanks(cookie.slice(0, equals)) !== name) continue
      const value = cookie.slice(equals + 1)
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
    }
  }
  return null
}

function withoutLeadingBlanks(text: string): string {
  return text.replace(/^ +/, '')
}
