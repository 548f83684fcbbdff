import { isIP } from 'node:net'
import { type Header, valuesOf } from './headers.ts'

interface Address {
  readonly bits: bigint
  readonly width: 32 | 128
}

/** Whether an address lies in a block (`10.0.0.0/8`, or one address). Host bits do not matter; families never cross. */
export function inBlock(block: string, ip: string): boolean {
  const [base = '', length] = block.split('/')
  const wanted = readAddress(base)
  const seen = readAddress(ip)
  if (wanted === null || seen === null || wanted.width !== seen.width) return false
  const ignored = BigInt(wanted.width - Number(length ?? wanted.width))
  return wanted.bits >> ignored === seen.bits >> ignored
}

/** The client as `remote.ip` sees it: the last element of X-Forwarded-For, if that is a bare address, or the TCP peer. */
export function remoteIp(headers: readonly Header[], tcpPeer: string): string {
  const elements = valuesOf(headers, 'x-forwarded-for').join(',').split(',')
  const last = (elements.at(-1) ?? '').trim()
  return readAddress(last) === null ? tcpPeer : last
}

function readAddress(text: string): Address | null {
  const family = text.includes('%') ? 0 : isIP(text)
  if (family === 4) return { bits: toBits(text.split('.').map(Number), 8n), width: 32 }
  if (family === 6) return { bits: toBits(groupsOf(text), 16n), width: 128 }
  return null
}

function groupsOf(text: string): readonly number[] {
  const [head = '', tail] = text.split('::')
  const before = groupList(head)
  const after = groupList(tail ?? '')
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function groupList(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').flatMap(readGroup)
}

/** One group, or two where IPv6 text ends in the dotted form of IPv4. */
function readGroup(group: string): readonly number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

function toBits(parts: readonly number[], size: bigint): bigint {
  return parts.reduce((bits, part) => (bits << size) | BigInt(part), 0n)
}
