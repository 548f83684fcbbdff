import { tlv } from '../../src/pki/der-writer.ts'

/** A seeded generator of whole numbers in [0, bound). */
export type Random = (bound: number) => number

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

type Mutate = (der: Buffer, random: Random) => Buffer

/** Breaks bytes anywhere, without regard to structure. */
export const mutateBytes: Mutate = (der, random) => (der.length === 0 ? der : pick(BYTE_EDITS, random)(der, random))

/** Changes one element and keeps all else DER, so that a signature over the answer reaches the deepest checks. */
export const mutateElement: Mutate = (der, random) => {
  const root = decode(der)
  const nodes = flatten(root)
  const node = pick(nodes, random)
  pick(ELEMENT_EDITS, random)(node, pick(nodes, random), random)
  return encode(root)
}

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x1f, 0x24, 0x30, 0x31, 0x80, 0x82, 0x86, 0xa0, 0xbf, 0x00,
]
const LENGTHS = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88, 0xff]

const BYTE_EDITS: readonly Mutate[] = [
  (der, random) => changed(der, random(der.length), (octet) => octet ^ (1 << random(8))),
  (der, random) => changed(der, random(der.length), () => random(0x100)),
  (der, random) => changed(der, random(der.length), () => pick(TAGS, random)),
  (der, random) => changed(der, random(der.length), () => pick(LENGTHS, random)),
  (der, random) => changed(der, random(der.length), (octet) => octet + (random(2) === 0 ? 1 : -1)),
  (der, random) => der.subarray(0, random(der.length)),
  (der, random) => spliced(der, random(der.length), { remove: 1 + random(8), insert: Buffer.alloc(0) }),
  (der, random) => spliced(der, random(der.length), { remove: 0, insert: randomBytes(1 + random(8), random) }),
  (der, random) => spliced(der, random(der.length), { remove: random(8), insert: sliceOf(der, random) }),
]

interface DerNode {
  tag: number
  contents: Buffer
  children: DerNode[] | null
}

type ElementEdit = (node: DerNode, other: DerNode, random: Random) => void

const ELEMENT_EDITS: readonly ElementEdit[] = [
  (node, _, random) => {
    node.tag = pick(TAGS, random)
  },
  (node, _, random) => {
    if (node.children === null && node.contents.length > 0) {
      node.contents = changed(node.contents, random(node.contents.length), () => random(0x100))
    }
  },
  (node, _, random) => {
    if (node.children === null) node.contents = randomBytes(random(6), random)
  },
  (node, _, random) => {
    if (node.children === null) node.contents = Buffer.concat([node.contents, randomBytes(1, random)])
  },
  (node) => node.children?.pop(),
  (node, _, random) => node.children?.splice(random(node.children.length + 1), random(2)),
  (node, other, random) => node.children?.splice(random(node.children.length + 1), 0, decode(encode(other))),
  (node) => node.children?.push(...node.children.slice(-1)),
  (node) => node.children?.reverse(),
]

function decode(der: Buffer): DerNode {
  const first = der.readUInt8(1)
  const start = first < 0x80 ? 2 : 2 + (first & 0x7f)
  const tag = der.readUInt8(0)
  const contents = der.subarray(start)
  if ((tag & 0x20) === 0) return { tag, contents, children: null }
  const children: DerNode[] = []
  for (let at = 0; at < contents.length; ) {
    const end = endOf(contents, at)
    children.push(decode(contents.subarray(at, end)))
    at = end
  }
  return { tag, contents, children }
}

function endOf(der: Buffer, at: number): number {
  const first = der.readUInt8(at + 1)
  if (first < 0x80) return at + 2 + first
  const octets = first & 0x7f
  return at + 2 + octets + der.readUIntBE(at + 2, octets)
}

function encode(node: DerNode): Buffer {
  return node.children === null ? tlv(node.tag, node.contents) : tlv(node.tag, ...node.children.map(encode))
}

function flatten(node: DerNode): DerNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)]
}

function changed(der: Buffer, at: number, to: (octet: number) => number): Buffer {
  const out = Buffer.from(der)
  out[at] = to(out[at] ?? 0)
  return out
}

function spliced(der: Buffer, at: number, edit: { readonly remove: number; readonly insert: Buffer }): Buffer {
  return Buffer.concat([der.subarray(0, at), edit.insert, der.subarray(at + edit.remove)])
}

function sliceOf(der: Buffer, random: Random): Buffer {
  const at = random(der.length)
  return der.subarray(at, at + 1 + random(40))
}

function randomBytes(size: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length: size }, () => random(0x100)))
}

function pick<T>(from: readonly T[], random: Random): T {
  const chosen = from[random(from.length)]
  if (chosen === undefined) throw new RangeError('nothing to pick from')
  return chosen
}
