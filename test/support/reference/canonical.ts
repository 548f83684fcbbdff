import type { Http } from './facts.ts'
import { readHeaders } from './headers.ts'
import type { Request } from './row.ts'

const METHODS =
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE M-SEARCH NOTIFY PROPFIND PROPPATCH PURGE REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE'.split(
    ' ',
  )
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/s
const NON_ASCII = /\P{ASCII}/u
const UNRESERVED = /[A-Za-z0-9\-._~]/

/** Whether the bytes of a plaintext connection look like HTTP to the protocol detection of an undeclared port. */
export function isRecognisedAsHttp({ method = '', path = '' }: Request): boolean {
  return METHODS.includes(method) && (path.startsWith('/') || ABSOLUTE.test(path))
}

/** The request after the HTTP codec and path normalisation; null when they refuse it (400). */
export function canonicalise(request: Request, normalization: string, scheme: 'http' | 'https'): Http | null {
  const { method = '', path: target = '' } = request
  const absolute = ABSOLUTE.exec(target)
  const authority = absolute?.[1] ?? request.host
  const origin = absolute ? withSlash(absolute[2] ?? '') : target
  if (!METHODS.includes(method) || authority === undefined || !origin.startsWith('/')) return null
  if (NON_ASCII.test(target) || target.includes('#')) return null
  const mark = origin.indexOf('?')
  const raw = mark < 0 ? origin : origin.slice(0, mark)
  const query = mark < 0 ? '' : origin.slice(mark)
  if (normalization !== 'NONE' && raw.includes('%00')) return null
  const path = normalise(raw, normalization)
  return { method, authority, path, query, scheme, headers: readHeaders(request.headers ?? []), claims: {} }
}

/** A path without query, normalised by Istio's `pathNormalization`. */
function normalise(path: string, normalization: string): string {
  switch (normalization) {
    case 'NONE':
      return path
    case '':
    case 'DEFAULT':
    case 'BASE':
      return base(path)
    case 'MERGE_SLASHES':
      return mergeSlashes(base(path))
    case 'DECODE_AND_MERGE_SLASHES':
      return mergeSlashes(base(path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\')))
    default:
      throw new TypeError(`unknown path normalization \`${normalization}\``)
  }
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}

function base(path: string): string {
  return removeDotSegments(encodeUnsafe(decodeUnreserved(path).replaceAll('\\', '/')))
}

function decodeUnreserved(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return UNRESERVED.test(character) ? character : encoded
  })
}

function encodeUnsafe(path: string): string {
  return path.replace(/["<>^{|}`]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function removeDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (isLast) kept.push('')
  }
  return `/${kept.join('/')}`
}

function mergeSlashes(path: string): string {
  if (/^\/\/+$/.test(path)) return '//'
  return path.replace(/\/\/+/g, '/')
}
