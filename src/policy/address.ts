import { isIP } from 'node:net'

/** An IP address as four or one 32-bit words; families never compare equal, IPv4-mapped IPv6 is IPv6. */
export interface Address {
  readonly family: 4 | 6
  readonly words: readonly number[]
}

/** A CIDR block: `words` are already masked. */
export interface Block {
  readonly family: 4 | 6
  readonly words: readonly number[]
  readonly masks: readonly number[]
}

/** Reads a bare address; null for anything else, zone identifiers and leading zeros included. */
export function parseAddress(text: string): Address | null {
  const family = isIP(text)
  if (family === 4) return { family: 4, words: [toWord(text)] }
  if (family === 6 && !text.includes('%')) return { family: 6, words: toWords(text) }
  return null
}

/** Reads `10.0.0.0/8` or one address; host bits are ignored. Null when it is neither. */
export function parseBlock(text: string): Block | null {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return null
  const bits = address.family === 4 ? 32 : 128
  const length = slash < 0 ? bits : parsePrefixLength(text.slice(slash + 1))
  if (length === null || length > bits) return null
  const masks = address.words.map((_, i) => toMask(length - 32 * i))
  return { family: address.family, words: address.words.map((word, i) => (word & (masks[i] ?? 0)) >>> 0), masks }
}

export function contains(block: Block, address: Address): boolean {
  if (block.family !== address.family) return false
  for (let i = 0; i < block.words.length; i++) {
    if (((address.words[i] ?? 0) & (block.masks[i] ?? 0)) >>> 0 !== block.words[i]) return false
  }
  return true
}

function parsePrefixLength(text: string): number | null {
  return /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : null
}

function toMask(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0
}

function toWord(text: string): number {
  let word = 0
  for (const part of text.split('.')) word = word * 256 + Number(part)
  return word
}

/** RFC 4291 §2.2: `::` once, the last 32 bits possibly in dotted form. */
function toWords(text: string): number[] {
  const [before = '', after] = text.split('::')
  const head = toGroups(before)
  const tail = after === undefined ? [] : toGroups(after)
  const groups = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return [0, 2, 4, 6].map((i) => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0)
}

function toGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const word = toWord(group)
    return [word >>> 16, word & 0xffff]
  })
}
