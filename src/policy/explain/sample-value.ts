import type { Attribute } from '../field-test.ts'

/** A value of the attribute that a value of a policy matches: the text itself, its wildcards filled. */
export function sampleFor(attribute: Attribute, value: string): string {
  switch (attribute.of) {
    case 'principal':
      return `spiffe://${fill(value)}`
    case 'sourceIp':
    case 'remoteIp':
    case 'destinationIp':
      return value.split('/')[0] ?? value
    case 'requestPrincipal':
      return sampleRequestPrincipal(value)
    case 'path':
      return samplePath(value)
    case 'port':
      return String(Number(value))
    case 'host':
      return value === '*' ? 'any.example' : fill(value)
    default:
      return fill(value)
  }
}

/** A value that a policy hardly names. */
export function otherThan(attribute: Attribute): string {
  return Object.hasOwn(OTHERS, attribute.of) ? (OTHERS[attribute.of] ?? FILLER) : 'other'
}

const OTHERS: Partial<Record<Attribute['of'], string>> = {
  principal: 'spiffe://other/ns/other/sa/other',
  serviceAccount: 'other/other',
  requestPrincipal: 'other/other',
  sourceIp: '192.0.2.1',
  remoteIp: '192.0.2.1',
  destinationIp: '192.0.2.1',
  port: '1',
  path: '/other',
  method: 'OPTIONS',
}

const FILLER = 'any'

function fill(value: string): string {
  if (value === '*') return FILLER
  if (value.startsWith('*')) return FILLER + value.slice(1)
  return value.endsWith('*') ? `${value.slice(0, -1)}${FILLER}` : value
}

function samplePath(value: string): string {
  const filled = value.replaceAll('{**}', FILLER).replaceAll('{*}', FILLER)
  if (filled === '*') return '/'
  if (filled.startsWith('*')) return `/${filled.slice(1).replace(/^\//, '')}`
  return filled.endsWith('*') ? filled.slice(0, -1) : filled
}

/** `issuer/subject`; a wildcard without a slash stands for one of the two. */
function sampleRequestPrincipal(value: string): string {
  if (value === '*') return `${FILLER}/${FILLER}`
  if (value.includes('/')) return fill(value)
  return value.startsWith('*') ? `${FILLER}/${fill(value)}` : `${fill(value)}/${FILLER}`
}
