import type { PathNormalization } from '../mesh/mesh-settings.ts'

/** A path as policies see it and the workload receives it; null when Envoy refuses the request (400). */
export function normalizePath(path: string, mode: PathNormalization): string | null {
  if (mode === 'NONE') return path
  if (isPlain(path)) return path
  if (path.includes('%00')) return null
  const unescaped = mode === 'DECODE_AND_MERGE_SLASHES' ? unescapeSlashes(path) : path
  const normalized = removeDotSegments(normalizeEscapes(unescaped))
  return mode === 'BASE' ? normalized : mergeSlashes(normalized)
}

const PLAIN = new Uint8Array(128)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,;:@=[]") {
  PLAIN[char.charCodeAt(0)] = 1
}
const SLASH = 47
const DOT = 46

/** Whether no mode changes the path: no escape, no backslash, no slash run, and no segment that begins with a dot. */
function isPlain(path: string): boolean {
  let previous = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    const fine = code === SLASH ? previous !== SLASH : code === DOT ? previous !== SLASH : PLAIN[code] === 1
    if (!fine) return false
    previous = code
  }
  return true
}

/** One pass: `%252f` stays. */
function unescapeSlashes(path: string): string {
  return path.replace(/%2[fF]/g, '/').replace(/%5[cC]/g, '\\')
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/
const RAW = /["<>^{|}`]/g

/** Only escapes of unreserved characters (RFC 3986 §2.3) are decoded; the others keep the case of their digits. */
function normalizeEscapes(path: string): string {
  return path
    .replace(/%([0-9A-Fa-f]{2})/g, (escaped, digits: string) => {
      const char = String.fromCharCode(Number.parseInt(digits, 16))
      return UNRESERVED.test(char) ? char : escaped
    })
    .replaceAll('\\', '/')
    .replace(RAW, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** RFC 3986 §5.2.4, except that an empty segment is a segment: `..` removes it. */
function removeDotSegments(path: string): string {
  const segments = path.split('/').slice(1)
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === '..') kept.pop()
    else if (segment !== '.') {
      kept.push(segment)
      continue
    }
    if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}

/** A path of nothing but two or more slashes stays `//`, as Envoy leaves it. */
function mergeSlashes(path: string): string {
  return /^\/{2,}$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/')
}
