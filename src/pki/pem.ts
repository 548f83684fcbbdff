import { AppError, type ErrorCode } from '../kernel/errors.ts'

const BEGIN = '-----BEGIN '
const END = '-----END '
const DASHES = '-----'
const LINE = 64 // RFC 7468 §2

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const NOT_BASE64 = 0xff
const SIX_BITS = new Uint8Array(0x80).fill(NOT_BASE64)
for (let i = 0; i < BASE64.length; i++) SIX_BITS[BASE64.charCodeAt(i)] = i

/** DER of the one PEM block (RFC 7468 §3, strict) that `text` is, white space around it aside; throws `code` otherwise. */
export function parsePem(text: string, labels: readonly string[], code: ErrorCode): Buffer {
  const begin = skipSpace(text, 0)
  const label = labels.find((name) => isBoundary(text, begin, BEGIN + name))
  if (label === undefined) throw malformed(code, `it must begin with \`${BEGIN}${labels[0]}${DASHES}\``)
  const bodyStart = begin + BEGIN.length + label.length + DASHES.length
  const bodyEnd = text.indexOf(DASHES, bodyStart)
  if (bodyEnd === -1 || !isBoundary(text, bodyEnd, END + label)) {
    throw malformed(code, `it must end with \`${END}${label}${DASHES}\``)
  }
  if (skipSpace(text, bodyEnd + END.length + label.length + DASHES.length) !== text.length) {
    throw malformed(code, 'something stands behind the one block')
  }
  const atLineStart = isLineEnd(text.charCodeAt(bodyStart)) && isLineEnd(text.charCodeAt(bodyEnd - 1))
  const der = atLineStart ? decodeBase64(text, bodyStart, bodyEnd) : null
  if (der === null) throw malformed(code, 'its contents are not base64 in lines, padded and canonical')
  return der
}

/** A PEM block in lines of 64, ending in a newline. */
export function toPem(label: string, der: Buffer): string {
  const base64 = der.toString('base64')
  let lines = ''
  for (let at = 0; at < base64.length; at += LINE) lines += `${base64.slice(at, at + LINE)}\n`
  return `${BEGIN}${label}${DASHES}\n${lines}${END}${label}${DASHES}\n`
}

/** Decodes strictly, as Node's own decoder takes almost anything; null unless padded, canonical and not empty (RFC 4648 §3.5). */
function decodeBase64(text: string, from: number, to: number): Buffer | null {
  const out = Buffer.allocUnsafe(((to - from) * 3) >> 2)
  let length = 0
  let bits = 0
  let count = 0
  let padding = 0
  for (let i = from; i < to; i++) {
    const char = text.charCodeAt(i)
    if (isLineEnd(char)) continue
    if (char === 0x3d) {
      padding++
      continue
    }
    const six = char < 0x80 ? (SIX_BITS[char] ?? NOT_BASE64) : NOT_BASE64
    if (six === NOT_BASE64 || padding > 0) return null
    bits = (bits << 6) | six
    if ((++count & 3) !== 0) continue
    out[length++] = bits >> 16
    out[length++] = bits >> 8
    out[length++] = bits
    bits = 0
  }
  const rest = count & 3
  if (count === 0 || rest === 1 || padding !== (4 - rest) % 4) return null
  const unusedBits = rest === 2 ? 0xf : rest === 3 ? 0x3 : 0
  if ((bits & unusedBits) !== 0) return null
  if (rest === 2) out[length++] = bits >> 4
  if (rest === 3) {
    out[length++] = bits >> 10
    out[length++] = bits >> 2
  }
  return out.subarray(0, length)
}

function isBoundary(text: string, at: number, start: string): boolean {
  return text.startsWith(start, at) && text.startsWith(DASHES, at + start.length)
}

function isLineEnd(char: number): boolean {
  return char === 0x0a || char === 0x0d
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isLineEnd(text.charCodeAt(at)) || text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++
  return at
}

function malformed(code: ErrorCode, problem: string): AppError {
  return new AppError(code, `malformed PEM: ${problem}`)
}
