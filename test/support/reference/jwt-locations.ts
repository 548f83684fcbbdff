import type { JwtHeader, JwtRule } from '../../../src/mesh/resource.ts'
import type { Http } from './facts.ts'
import { valuesOf, withoutHeader } from './headers.ts'

/** A token in a request, and what the request is without it. */
export interface Located {
  readonly token: string
  readonly strip: (http: Http) => Http
}

/** The tokens that a rule finds, in the order in which they are tried: cookies, parameters, headers. */
export function locateTokens(http: Http, rule: JwtRule): readonly Located[] {
  const given = [rule.fromHeaders, rule.fromParams, rule.fromCookies].some((list) => (list ?? []).length > 0)
  const headers = given ? (rule.fromHeaders ?? []) : [{ name: 'authorization', prefix: 'Bearer ' }]
  const params = given ? (rule.fromParams ?? []) : ['access_token']
  return [
    ...headers.flatMap((location) => inHeader(http, location)),
    ...params.flatMap((name) => inParam(http, name)),
    ...(rule.fromCookies ?? []).flatMap((name) => inCookie(http, name)),
  ].toReversed()
}

function inHeader(http: Http, { name, prefix = '' }: JwtHeader): readonly Located[] {
  const values = valuesOf(http.headers, name)
  const value = values.join(',')
  if (values.length === 0 || !value.includes(prefix)) return []
  const token = prefix === '' ? value : value.slice(value.indexOf(prefix) + prefix.length).replace(/^ +/, '')
  return [{ token, strip: (request) => ({ ...request, headers: withoutHeader(request.headers, name) }) }]
}

function inParam(http: Http, name: string): readonly Located[] {
  const found = paramsOf(http.query).find((param) => nameOf(param) === name)
  if (found === undefined) return []
  const strip = (request: Http): Http => {
    const others = paramsOf(request.query).filter((param) => nameOf(param) !== name)
    const kept = others
      .map(withEquals)
      .toSorted((a, b) => Number(nameOf(a) > nameOf(b)) - Number(nameOf(a) < nameOf(b)))
    return { ...request, query: kept.length === 0 ? '' : `?${kept.join('&')}` }
  }
  return [{ token: found.slice(name.length + 1), strip }]
}

function paramsOf(query: string): readonly string[] {
  return query === '' ? [] : query.slice(1).split('&')
}

/** When Envoy takes a parameter away it writes the others sorted by name, each with a `=`. */
function withEquals(param: string): string {
  return param.includes('=') ? param : `${param}=`
}

function nameOf(param: string): string {
  return param.split('=')[0] ?? ''
}

/** Cookies are never removed from the request. */
function inCookie(http: Http, name: string): readonly Located[] {
  const cookies = valuesOf(http.headers, 'cookie').flatMap((value) => value.split(';'))
  const found = cookies.map((cookie) => cookie.trim()).find((cookie) => cookie.startsWith(`${name}=`))
  return found === undefined ? [] : [{ token: found.slice(name.length + 1), strip: (request) => request }]
}
