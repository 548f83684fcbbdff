/** The identifier octets that we read and write (X.690 §8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  ia5String: 0x16,
  sequence: 0x30,
  set: 0x31,
} as const

export const DER_NULL = Buffer.from([TAG.null, 0])

/** DER of one element: `tag`, the minimal length, the contents one after another. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(length)]), ...contents])
}

/** DER of a SEQUENCE. */
export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return tlv(TAG.sequence, ...contents)
}

/** DER of an INTEGER that is never negative, given as big-endian octets; minimal (X.690 §8.3.2). */
export function unsignedInteger(octets: Uint8Array): Buffer {
  const first = octets.findIndex((octet) => octet !== 0)
  const significant = first === -1 ? Uint8Array.of(0) : octets.subarray(first)
  return (significant[0] ?? 0) < 0x80 ? tlv(TAG.integer, significant) : tlv(TAG.integer, Uint8Array.of(0), significant)
}

/** DER of an OBJECT IDENTIFIER given in dots; arcs below 2^32. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128))) // X.690 §8.19.4
}

/** The dots of an object identifier's contents, for messages. */
export function toDottedOid(contents: Uint8Array): string {
  const arcs: number[] = []
  let arc = 0
  for (const octet of contents) {
    arc = arc * 0x80 + (octet & 0x7f)
    if (octet >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [joint = 0, ...rest] = arcs
  const first = Math.min(2, Math.floor(joint / 40))
  return [first, joint - first * 40, ...rest].join('.')
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest % 0x100)
  return [0x80 + octets.length, ...octets]
}

function base128(arc: number): number[] {
  const octets = [arc % 0x80]
  for (let rest = Math.floor(arc / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) octets.unshift(0x80 + (rest % 0x80))
  return octets
}
