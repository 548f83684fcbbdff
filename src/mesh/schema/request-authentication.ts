import type { FindingCode } from '../finding-codes.ts'
import { parseGoDuration } from '../go-duration.ts'
import { parseGoUrl } from '../go-url.ts'
import {
  BOOLEAN,
  isLongerThan,
  listOf,
  type Node,
  nonEmptyText,
  type Objection,
  type ObjectNode,
  TEXT,
} from './node.ts'
import { checkScope, SCOPE_FIELDS } from './scope.ts'

const HEADER_NAME = /^[-_A-Za-z0-9]+$/
const NANOS_PER_MS = 1_000_000n

const FROM_HEADER: ObjectNode = {
  is: 'object',
  fields: { name: nonEmptyText('fromheaders-name'), prefix: TEXT },
  required: { name: 'fromheaders-name' },
}

const CLAIM_TO_HEADER: ObjectNode = {
  is: 'object',
  fields: { header: { is: 'text', check: checkHeaderName }, claim: nonEmptyText('outputclaim-incomplete') },
  required: { header: 'outputclaim-incomplete', claim: 'outputclaim-incomplete' },
}

const JWKS_URI: Node = { is: 'text', check: checkJwksUri }

const JWT_RULE: ObjectNode = {
  is: 'object',
  fields: {
    issuer: nonEmptyText('jwt-issuer-empty'),
    audiences: listOf(nonEmptyText('audience-empty')),
    jwksUri: JWKS_URI,
    jwks_uri: JWKS_URI,
    jwks: TEXT,
    fromHeaders: listOf(FROM_HEADER),
    fromParams: listOf(nonEmptyText('fromparams-empty')),
    fromCookies: listOf(nonEmptyText('fromcookies-empty')),
    outputPayloadToHeader: TEXT,
    forwardOriginalToken: BOOLEAN,
    outputClaimToHeaders: listOf(CLAIM_TO_HEADER),
    timeout: { is: 'text', check: checkTimeout, undecodable: checkDuration },
    spaceDelimitedClaims: listOf(nonEmptyText('spacedelimited-empty'), { count: 64, code: 'spacedelimited-too-many' }),
  },
  check: checkKeySources,
}

/** `istio.security.v1.RequestAuthentication`. */
export const REQUEST_AUTHENTICATION: ObjectNode = {
  is: 'object',
  fields: { ...SCOPE_FIELDS, jwtRules: listOf(JWT_RULE, { count: 4096, code: 'jwtrules-too-many' }) },
  check: checkScope,
}

function checkKeySources(rule: Readonly<Record<string, unknown>>): readonly Objection[] {
  const sources = ['jwks', 'jwksUri', 'jwks_uri'].filter((name) => Object.hasOwn(rule, name))
  return sources.length > 1 ? [{ code: 'jwks-and-jwksuri' }] : []
}

function checkHeaderName(name: string): readonly FindingCode[] {
  if (name === '') return ['outputclaim-incomplete']
  return HEADER_NAME.test(name) ? [] : ['outputclaim-header-name']
}

function checkJwksUri(uri: string): readonly FindingCode[] {
  if (uri === '') return ['jwksuri-empty']
  if (isLongerThan(uri, 2048)) return ['jwksuri-too-long']
  const url = parseGoUrl(uri, 'request')
  if (url === null) return ['jwksuri-unparsable', 'jwksuri-scheme']
  return url.scheme === 'http' || url.scheme === 'https' ? [] : ['jwksuri-scheme']
}

function checkDuration(text: string): readonly FindingCode[] {
  return parseGoDuration(text) === null ? ['timeout-unparsable'] : []
}

function checkTimeout(text: string): readonly FindingCode[] {
  const nanos = parseGoDuration(text)
  if (nanos === null) return ['timeout-unparsable', 'timeout-too-short']
  return nanos < NANOS_PER_MS ? ['timeout-too-short'] : []
}
