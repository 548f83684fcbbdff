import { compileHeaderNames, type HeaderNames } from '../decide/header-names.ts'

/** What stands in place of a secret. */
export const REDACTED = '[redacted]'

/** Parts of names (in lower case) whose header holds a secret. */
const SECRET_PARTS =
  /authorization|authentic|auth-|cookie|token|secret|passw|api-?key|credential|session|signature|jwt|csrf|xsrf|assertion/

/** Text is looked through up to here, whatever its length. */
const MAX_SCANNED = 8_192
/** Shorter runs say nothing: `eyJ` and a few characters. */
const LEAST_TOKEN = 16

/** The headers whose values are never written: those that a name gives away, and those of the configuration. */
export function compileSecretHeaders(configured: readonly string[]): HeaderNames {
  const isConfigured = compileHeaderNames(configured)
  return (name) => SECRET_PARTS.test(name) || isConfigured(name)
}

/** At most `limit` characters of a text, without what looks like a JWT (base64url of `{"` begins with `eyJ`). */
export function withoutTokens(text: string, limit: number): string {
  const scanned = text.length > MAX_SCANNED ? text.slice(0, MAX_SCANNED) : text
  const clean = scanned.includes('eyJ')
    ? scanned.replace(/[\w.-]+/g, (run) => (run.length >= LEAST_TOKEN && run.includes('eyJ') ? REDACTED : run))
    : scanned
  return clean.length > limit ? clean.slice(0, limit) : clean
}

/** A request target whose query keeps the names of its parameters and loses their values. */
export function withoutQueryValues(target: string, limit: number): string {
  const mark = target.indexOf('?')
  if (mark === -1) return withoutTokens(target, limit)
  const names = target
    .slice(mark + 1, mark + 1 + MAX_SCANNED)
    .split('&')
    .map((parameter) => {
      const equals = parameter.indexOf('=')
      return equals === -1 ? parameter : `${parameter.slice(0, equals)}=redacted`
    })
  return `${withoutTokens(target.slice(0, mark), limit)}?${withoutTokens(names.join('&'), limit)}`
}
