import type { Json } from '../../policy/attributes.ts'

const UINT64_END = 2 ** 64

/** The header value that Envoy's `claim_to_headers` gives a claim; null: no header. */
export function toHeaderValue(claim: Json | undefined): string | null {
  switch (typeof claim) {
    case 'string':
      return claim === '' || !isFieldContent(claim) ? null : claim
    case 'number':
      return numberText(claim)
    case 'boolean':
      return String(claim)
    case 'object':
      return claim === null ? null : Buffer.from(jsonText(claim), 'utf8').toString('base64')
    case 'undefined':
      return null
  }
}

/** A claim with a line break or another control character must not become part of a request (RFC 9110 §5.5). */
function isFieldContent(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false
  }
  return true
}

/** Unsigned 64 bit integers in decimal, any other number as C's `%f`. */
function numberText(value: number): string | null {
  if (!Number.isFinite(value)) return null
  if (Number.isInteger(value) && value >= 0 && value < UINT64_END) return BigInt(value).toString()
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

/** What the JSON writer of protobuf escapes beyond what JSON demands. */
const ESCAPED =
  /[<>\u007f-\u009f\u00ad\u0600-\u0603\u06dd\u070f\u17b4\u17b5\u200b-\u200f\u2028-\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/g

/** Keys in the order of the token: protobuf's own order differs from run to run. */
function jsonText(value: Json): string {
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(ESCAPED, toEscape)
}
