import { TAG } from './der-writer.ts'

/** The bytes of a buffer from `at` up to and without `end`. */
export interface Range {
  readonly at: number
  readonly end: number
}

const CONSTRUCTED = 0x20
const CLASS_BITS = 0xc0
const HIGH_TAG_NUMBER = 0x1f
const MAX_LENGTH_OCTETS = 3 // 16 MiB: more than any input that a limit lets in

/**
 * What keeps a range from being elements in DER (X.690 §10, §11), or null.
 * One loop over the whole range before anything is read from it: no recursion (hostile 10), nothing allocated by a
 * claimed length (hostile 9). Contents of strings are not looked into; a reader that enters them checks them then.
 */
export function problemOfDer(bytes: Buffer, range: Range, maxDepth: number): string | null {
  const outerEnds: number[] = []
  let { at, end } = range
  while (true) {
    while (at === end) {
      const outer = outerEnds.pop()
      if (outer === undefined) return null
      end = outer
    }
    const length = lengthAt(bytes, at)
    if (length === -1) return 'a length is cut off, indefinite or not minimal'
    const start = at + headerSize(bytes, at)
    if (start + length > end) return 'an element is longer than what holds it'
    const tag = bytes[at] ?? 0
    const problem = problemOfTag(tag) ?? problemOfPrimitive(bytes, at, start + length)
    if (problem !== null) return problem
    if ((tag & CONSTRUCTED) === 0) {
      at = start + length
      continue
    }
    if (outerEnds.length === maxDepth) return `elements are nested deeper than ${maxDepth}`
    outerEnds.push(end)
    at = start
    end = start + length
  }
}

/** Octets of the header (tag and length) of the element at `at`, whose length is known to be DER. */
export function headerSize(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

/** Octets of the contents that the header at `at` claims; -1 when the length is not definite and minimal (X.690 §10.1). */
export function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0x80
  if (first < 0x80) return first
  const octets = first & 0x7f
  if (octets === 0 || octets > MAX_LENGTH_OCTETS) return -1
  let length = 0
  for (let i = at + 2; i < at + 2 + octets; i++) length = (length << 8) | (bytes[i] ?? 0)
  const leastThatNeedsThem = octets === 1 ? 0x80 : 1 << (8 * (octets - 1))
  return length < leastThatNeedsThem ? -1 : length
}

function problemOfTag(tag: number): string | null {
  if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) return 'a tag number is above 30'
  if ((tag & CLASS_BITS) !== 0) return null
  if (tag === 0) return 'an end-of-contents mark stands in DER' // X.690 §8.1.5 belongs to BER
  const isCollection = tag === TAG.sequence || tag === TAG.set
  const number = tag & HIGH_TAG_NUMBER
  const mustBeCollection = number === (TAG.sequence & HIGH_TAG_NUMBER) || number === (TAG.set & HIGH_TAG_NUMBER)
  return isCollection === mustBeCollection && isCollection === ((tag & CONSTRUCTED) !== 0)
    ? null
    : 'a string is constructed, or a sequence or set is not' // X.690 §10.2
}

function problemOfPrimitive(bytes: Buffer, at: number, end: number): string | null {
  const start = at + headerSize(bytes, at)
  switch (bytes[at]) {
    case TAG.boolean:
      return end - start === 1 && (bytes[start] === 0 || bytes[start] === 0xff) ? null : 'a boolean is not 00 or FF'
    case TAG.integer:
      return problemOfInteger(bytes, start, end)
    case TAG.bitString:
      return problemOfBitString(bytes, start, end)
    case TAG.null:
      return end === start ? null : 'a null has contents'
    case TAG.oid:
      return problemOfOid(bytes, start, end)
    default:
      return null
  }
}

function problemOfInteger(bytes: Buffer, start: number, end: number): string | null {
  if (end === start) return 'an integer is empty'
  if (end - start === 1) return null
  const first = bytes[start] ?? 0
  const signOfSecond = (bytes[start + 1] ?? 0) >> 7
  const isPadded = (first === 0 && signOfSecond === 0) || (first === 0xff && signOfSecond === 1)
  return isPadded ? 'an integer is not minimal' : null // X.690 §8.3.2
}

function problemOfBitString(bytes: Buffer, start: number, end: number): string | null {
  const unused = bytes[start] ?? 0
  if (end === start || unused > 7 || (unused > 0 && end - start === 1)) return 'a bit string is malformed'
  const last = end - start === 1 ? 0 : (bytes[end - 1] ?? 0)
  return (last & ((1 << unused) - 1)) === 0 ? null : 'unused bits of a bit string are set' // X.690 §11.2.1
}

const MAX_ARC_OCTETS = 5
const FIRST_OCTET_OF_2_32 = 0x90

function problemOfOid(bytes: Buffer, start: number, end: number): string | null {
  if (end === start) return 'an object identifier is empty'
  let arc = start
  for (let i = start; i < end; i++) {
    const octet = bytes[i] ?? 0
    if (i === arc && octet === 0x80) return 'an object identifier is not minimal' // X.690 §8.19.2
    if (octet < 0x80) {
      const octets = i + 1 - arc
      // hostile 11: an arc of 2^32 + n must never fold to n
      if (octets > MAX_ARC_OCTETS || (octets === MAX_ARC_OCTETS && (bytes[arc] ?? 0) >= FIRST_OCTET_OF_2_32)) {
        return 'an arc of an object identifier is 2^32 or more'
      }
      arc = i + 1
    }
  }
  return arc === end ? null : 'an object identifier is cut off'
}
