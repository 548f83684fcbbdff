import { parseGoDuration } from '../go-duration.ts'
import { parseGoUrl } from '../go-url.ts'
import type { ClaimToHeader, JwtRule, RequestAuthentication } from '../resource.ts'
import { isSecret, parseJwks } from './jwks.ts'
import { checkEach, type Objector } from './objector.ts'
import { checkScope } from './scope.ts'

const HEADER_NAME = /^[-_A-Za-z0-9]+$/
const NANOS_PER_MS = 1_000_000n
const MAX_INT64 = 2n ** 63n - 1n

/** What istiod's webhook says of a RequestAuthentication. */
export function checkRequestAuthentication({ spec }: RequestAuthentication, say: Objector): void {
  checkScope(spec, say)
  for (const [i, rule] of (spec.jwtRules ?? []).entries()) checkRule(`spec.jwtRules[${i}]`, rule, say)
}

function checkRule(path: string, rule: JwtRule, say: Objector): void {
  const { issuer = '', jwksUri = '', jwks = '', timeout } = rule
  if (issuer === '' && jwksUri === '') say.error(`${path}.issuer`, 'jwt-issuer-missing')
  if (jwksUri !== '') checkJwksUri(`${path}.jwksUri`, jwksUri, say)
  if (jwks !== '') checkJwks(`${path}.jwks`, jwks, say)
  if (timeout !== undefined) checkTimeout(`${path}.timeout`, timeout, say)
  const orNull = (code: 'audience-empty' | 'fromparams-empty' | 'fromcookies-empty') => (value: string) =>
    value === '' ? code : null
  checkEach(rule.audiences, { path: `${path}.audiences`, say }, orNull('audience-empty'))
  checkEach(rule.fromParams, { path: `${path}.fromParams`, say }, orNull('fromparams-empty'))
  checkEach(rule.fromCookies, { path: `${path}.fromCookies`, say }, orNull('fromcookies-empty'))
  for (const [i, { name = '' }] of (rule.fromHeaders ?? []).entries()) {
    if (name === '') say.error(`${path}.fromHeaders[${i}].name`, 'fromheaders-name')
  }
  for (const [i, output] of (rule.outputClaimToHeaders ?? []).entries()) {
    checkOutput(`${path}.outputClaimToHeaders[${i}]`, output, say)
  }
}

/** An output that was null in the list is empty here. */
function checkOutput(path: string, { header = '', claim = '' }: Partial<ClaimToHeader>, say: Objector): void {
  if (header === '' || claim === '')
    say.error(`${path}.${header === '' ? 'header' : 'claim'}`, 'outputclaim-incomplete')
  else if (!HEADER_NAME.test(header)) say.error(`${path}.header`, 'outputclaim-header-name', { seen: header })
}

/** Any port will do that fits 64 bits. */
function checkJwksUri(path: string, uri: string, say: Objector): void {
  const url = parseGoUrl(uri, 'reference')
  if (url === null || (url.port !== '' && BigInt(url.port) > MAX_INT64)) {
    say.error(path, 'jwksuri-unparsable', { seen: uri })
  } else if (url.scheme !== 'http' && url.scheme !== 'https') say.error(path, 'jwksuri-scheme', { seen: uri })
}

/** Key material is never quoted: it may be secret. */
function checkJwks(path: string, jwks: string, say: Objector): void {
  const keys = parseJwks(jwks)
  if (keys === null) say.error(path, 'jwks-unparsable')
  else if (keys.some(isSecret)) say.warning(path, 'jwks-private-key')
}

function checkTimeout(path: string, timeout: string, say: Objector): void {
  const nanos = parseGoDuration(timeout) ?? 0n
  if (nanos < NANOS_PER_MS) say.error(path, 'timeout-too-short', { seen: timeout })
  else if (nanos % NANOS_PER_MS !== 0n) say.error(path, 'timeout-precision', { seen: timeout })
}
