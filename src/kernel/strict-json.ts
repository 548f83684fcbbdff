import { printable } from './printable.ts'

/** Text that is not JSON by RFC 8259, or JSON that two readers could understand differently. */
export class StrictJsonError extends Error {
  override name = 'StrictJsonError'
}

export interface StrictJsonOptions {
  /** How many arrays and objects may lie within each other. */
  readonly maxDepth: number
}

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Own keys of these names have poisoned prototypes elsewhere (hostile 49). */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Parses JSON and throws `StrictJsonError` on duplicate keys, keys that name prototypes, too much depth, a BOM or
 * lone surrogates (hostile 49, 60). Linear in the text, whatever its shape.
 */
export function parseStrictJson(text: string, options: StrictJsonOptions): unknown {
  if (!text.isWellFormed()) throw new StrictJsonError('a surrogate stands alone')
  try {
    scan(text, options.maxDepth)
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new StrictJsonError('the text is not JSON', { cause: error })
    throw error
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The same for bytes, which must be UTF-8. */
export function parseStrictJsonBytes(bytes: Uint8Array, options: StrictJsonOptions): unknown {
  return parseStrictJson(decodeUtf8(bytes), options)
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new StrictJsonError('the bytes are not UTF-8', { cause })
  }
}

/**
 * One pass before `JSON.parse`, exact for every text that `JSON.parse` then accepts: outside of strings, a colon
 * follows nothing but a key.
 */
function scan(text: string, maxDepth: number): void {
  const escapes = text.includes('\\u')
  const keys: (Set<string> | null)[] = []
  let literal = ''
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = endOfString(text, i)
        literal = text.slice(i, end)
        if (escapes && literal.includes('\\u')) refuseLoneSurrogates(literal)
        i = end - 1
        break
      }
      case COLON:
        addKey(keys.at(-1), literal)
        break
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        keys.push(text.charCodeAt(i) === OPEN_OBJECT ? new Set() : null)
        if (keys.length > maxDepth) throw new StrictJsonError(`more than ${maxDepth} levels deep`)
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        keys.pop()
        break
    }
  }
}

/** Index behind the closing quote; the end of the text when there is none, which `JSON.parse` then refuses. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === BACKSLASH) before--
  return (at - before) % 2 === 0
}

function addKey(keys: Set<string> | null | undefined, literal: string): void {
  if (keys === null || keys === undefined) return
  const key = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
  if (keys.has(key)) throw new StrictJsonError(`the key \`${printable(key, 60)}\` stands there twice`)
  if (FORBIDDEN_KEYS.has(key)) throw new StrictJsonError(`the key \`${key}\` is not allowed`)
  keys.add(key)
}

function refuseLoneSurrogates(literal: string): void {
  if (!String(JSON.parse(literal)).isWellFormed()) throw new StrictJsonError('an escaped surrogate stands alone')
}
