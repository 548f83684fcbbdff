import { AppError, type ErrorCode } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'

/** A SPIFFE ID that follows SPIFFE-ID §2: lower-case trust domain, canonical path. `uri` is the whole text. */
export interface SpiffeId {
  readonly uri: string
  readonly trustDomain: string
  /** Begins with `/`; empty for the ID of a trust domain itself. */
  readonly path: string
}

const SCHEME = 'spiffe://'
export const MAX_SPIFFE_ID_BYTES = 2048
const MAX_TRUST_DOMAIN_BYTES = 255

/** Throws `code` unless `uri` is a SPIFFE ID by ID-1…ID-16 (no case folding: what is issued is canonical). */
export function parseSpiffeId(uri: string, code: ErrorCode): SpiffeId {
  const problem = problemOfSpiffeId(uri)
  if (problem !== null) throw new AppError(code, `\`${printable(uri)}\` is not a SPIFFE ID: ${problem}`)
  const slash = uri.indexOf('/', SCHEME.length)
  const end = slash === -1 ? uri.length : slash
  return { uri, trustDomain: uri.slice(SCHEME.length, end), path: uri.slice(end) }
}

/** What is wrong with `uri` as a SPIFFE ID, or null. */
export function problemOfSpiffeId(uri: string): string | null {
  if (uri.length > MAX_SPIFFE_ID_BYTES) return `longer than ${MAX_SPIFFE_ID_BYTES} bytes` // ID-15
  if (!uri.startsWith(SCHEME)) return 'the scheme must be `spiffe://`' // ID-1
  const slash = uri.indexOf('/', SCHEME.length)
  const end = slash === -1 ? uri.length : slash
  return problemOfTrustDomain(uri.slice(SCHEME.length, end)) ?? problemOfPath(uri.slice(end))
}

/** What is wrong with `name` as a trust domain name (ID-2…ID-7, ID-16), or null. */
export function problemOfTrustDomain(name: string): string | null {
  if (name.length === 0) return 'the trust domain is empty'
  if (name.length > MAX_TRUST_DOMAIN_BYTES) return `the trust domain is longer than ${MAX_TRUST_DOMAIN_BYTES} bytes`
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    const ok = (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 45 || c === 46 || c === 95
    if (!ok) return 'the trust domain may hold only a-z 0-9 `.` `-` `_`'
  }
  return null
}

function problemOfPath(path: string): string | null {
  let start = 1
  for (let i = 1; i <= path.length; i++) {
    const c = i === path.length ? 47 : path.charCodeAt(i)
    if (c === 47) {
      const length = i - start
      if (length === 0) return 'the path has an empty segment or ends in `/`' // ID-11, ID-12
      const first = path.charCodeAt(start)
      if (first === 46 && (length === 1 || (length === 2 && path.charCodeAt(start + 1) === 46))) {
        return 'the path has a `.` or `..` segment' // ID-12
      }
      start = i + 1
    } else if (!isSegmentByte(c)) {
      return 'path segments may hold only a-z A-Z 0-9 `.` `-` `_`' // ID-7, ID-8, ID-9, ID-13
    }
  }
  return null
}

function isSegmentByte(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45 || c === 46 || c === 95
}
