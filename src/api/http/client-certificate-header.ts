import { AppError } from '../../kernel/errors.ts'

/** What one proxy says of its client's certificate. */
export interface CertificateElement {
  /** The values of `URI=`, empty ones left out: Envoy writes one where the certificate has no URI SAN. */
  readonly uris: readonly string[]
  /** `Cert=`: URL-encoded PEM. */
  readonly certificate: string | null
}

const KEYS: ReadonlySet<string> = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'])
const PRINTABLE = /^[\x20-\x7e]+$/
/** An unquoted value ends at one of the first two, and must have none of the others. */
const UNQUOTED_END = /[,;]/g
const UNQUOTED_BAD = /["=\s]/

/**
 * Reads `x-forwarded-client-cert` as Envoy documents it: elements with commas between, one for each proxy, the newest
 * last; in each `key=value` pairs with semicolons between, keys in any case, a value with `,`, `;` or `=` in quotes.
 * Throws `request.malformed` for anything else: half of a header would be half of an identity (hostile 74).
 */
export function parseClientCertificateHeader(value: string): readonly CertificateElement[] {
  if (!PRINTABLE.test(value)) throw malformed('it is empty or not ASCII')
  const elements: CertificateElement[] = []
  let uris: string[] = []
  let certificate: string | null = null
  for (let at = 0; ; ) {
    const pair = readPair(value, at)
    if (pair.key === 'uri' && pair.value !== '') uris.push(pair.value)
    if (pair.key === 'cert') certificate = pair.value
    const next = value[pair.end]
    if (next !== ';') {
      elements.push({ uris, certificate })
      uris = []
      certificate = null
    }
    if (next === undefined) return elements
    at = pair.end + 1
  }
}

interface Pair {
  readonly key: string
  readonly value: string
  /** Index of the separator behind it. */
  readonly end: number
}

function readPair(text: string, at: number): Pair {
  const equals = text.indexOf('=', at)
  const key = text.slice(at, equals === -1 ? at : equals).toLowerCase()
  if (!KEYS.has(key)) throw malformed('a pair has no key that is known')
  return text[equals + 1] === '"' ? readQuoted(text, equals + 2, key) : readUnquoted(text, equals + 1, key)
}

function readUnquoted(text: string, at: number, key: string): Pair {
  UNQUOTED_END.lastIndex = at
  const end = UNQUOTED_END.exec(text)?.index ?? text.length
  const value = text.slice(at, end)
  if (UNQUOTED_BAD.test(value)) throw malformed('a value needs quotes')
  return { key, value, end }
}

/** A backslash takes the next character with it; it stays, as in a subject name (RFC 4514 §2.4), but before a quote. */
function readQuoted(text: string, at: number, key: string): Pair {
  let value = ''
  for (let i = at; i < text.length; i++) {
    if (text[i] === '"') {
      const end = i + 1
      if (end < text.length && text[end] !== ',' && text[end] !== ';') throw malformed('something stands behind quotes')
      return { key, value, end }
    }
    if (text[i] === '\\') {
      i++
      if (text[i] !== '"') value += '\\'
    }
    value += text[i] ?? ''
  }
  throw malformed('quotes do not end')
}

function malformed(problem: string): AppError {
  return new AppError('request.malformed', `\`x-forwarded-client-cert\` cannot be read: ${problem}`)
}
