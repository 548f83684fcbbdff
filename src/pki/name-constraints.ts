import { isIP } from 'node:net'
import { TAG } from './der-writer.ts'
import { contents, openReader } from './explain/parts.ts'

/** One name that a constraint permits or excludes. */
interface NameRule {
  readonly kind: 'DNS' | 'URI' | 'IP' | 'dirName' | 'other'
  /** The name in text; address and mask in hex. */
  readonly value: string
}

/** The nameConstraints of an authority (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly NameRule[]
  readonly excluded: readonly NameRule[]
}

export const NAME_CONSTRAINTS = '2.5.29.30'

const PERMITTED = 0xa0
const EXCLUDED = 0xa1
const IP_ADDRESS = 0x87
const KINDS: Readonly<Record<number, NameRule['kind']>> = {
  130: 'DNS',
  134: 'URI',
  [IP_ADDRESS]: 'IP',
  164: 'dirName',
}

/** Reads the value of the extension; throws `request.malformed`. */
export function parseNameConstraints(der: Buffer): NameConstraints {
  const r = openReader(der)
  const outer = r.enter(TAG.sequence, 'nameConstraints')
  const readList = (tag: number): NameRule[] => {
    const rules: NameRule[] = []
    if (r.peek() !== tag) return rules
    const list = r.enter(tag, 'subtrees')
    while (r.peek() !== 0) {
      const subtree = r.enter(TAG.sequence, 'subtree')
      const base = r.peek()
      r.read(base, 'base')
      const kind = KINDS[base] ?? 'other'
      if (kind === 'IP' && ![8, 32].includes(contents(r).length))
        r.fail('an address and its mask are of another length')
      rules.push({ kind, value: contents(r).toString(base === IP_ADDRESS ? 'hex' : 'latin1') })
      r.leave(subtree, 'subtree') // §4.2.1.10: minimum is 0 and maximum absent, so nothing follows
    }
    r.leave(list, 'subtrees')
    return rules
  }
  const permitted = readList(PERMITTED)
  const excluded = readList(EXCLUDED)
  r.leave(outer, 'nameConstraints')
  return { permitted, excluded }
}

/** A name that an authority is to vouch for: a host of a URI, a DNS name, or an address. */
export interface ConstrainedName {
  readonly kind: 'DNS' | 'URI' | 'IP'
  readonly value: string
}

/**
 * Whether every verifier takes the name. Where they read a rule in different ways (a URI's host with or without its
 * subdomains), the narrow reading permits and the wide one excludes.
 */
export function permits({ permitted, excluded }: NameConstraints, name: ConstrainedName): boolean {
  const ofKind = (rules: readonly NameRule[]) => rules.filter(({ kind }) => kind === name.kind)
  if (ofKind(excluded).some(({ value }) => covers(value, name, 'wide'))) return false
  const allowed = ofKind(permitted)
  return allowed.length === 0 || allowed.some(({ value }) => covers(value, name, 'narrow'))
}

function covers(rule: string, { kind, value }: ConstrainedName, reading: 'narrow' | 'wide'): boolean {
  if (kind === 'IP') return coversAddress(rule, value)
  const base = rule.toLowerCase()
  const name = value.toLowerCase()
  if (base === '') return kind === 'DNS' || reading === 'wide'
  const domain = base.startsWith('.') ? base : `.${base}`
  const isBelow = name.endsWith(domain)
  if (base.startsWith('.')) return isBelow || (reading === 'wide' && name === base.slice(1))
  return name === base || (isBelow && (kind === 'DNS' || reading === 'wide'))
}

/** The rule is an address and its mask: 8 octets for IPv4, 32 for IPv6. */
function coversAddress(rule: string, address: string): boolean {
  const bytes = toAddressBytes(address)
  const both = Buffer.from(rule, 'hex')
  const net = both.subarray(0, both.length / 2)
  const mask = both.subarray(both.length / 2)
  if (net.length !== bytes.length) return false
  return bytes.every((octet, i) => ((octet ^ (net[i] ?? 0)) & (mask[i] ?? 0)) === 0)
}

function toAddressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
