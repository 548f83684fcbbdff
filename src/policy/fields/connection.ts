import { type Address, type Block, contains, parseBlock } from '../address.ts'
import type { Attributes } from '../attributes.ts'
import { BadValue } from '../field-test.ts'
import { fitsAny, toPattern } from '../pattern.ts'
import { type CompiledValues, literalKeys } from './values.ts'

/** `ipBlocks` and their kin; `read` says which address. */
export function compileBlocks(
  values: readonly string[],
  read: (attributes: Attributes) => Address | null,
): CompiledValues {
  const blocks = values.map(readBlock)
  return {
    keys: null,
    isUnknown: (attributes) => read(attributes) === null,
    matches(attributes) {
      const address = read(attributes)
      if (address === null) return false
      for (const block of blocks) if (contains(block, address)) return true
      return false
    },
  }
}

function readBlock(value: string): Block {
  const block = parseBlock(value)
  if (block === null) throw new BadValue(`\`${value}\` is no IP address or CIDR block`)
  return block
}

/** What a proxy that does not tell the port leaves in its place. */
const UNKNOWN_PORT = 0

/** `ports`, `destination.port`: decimal, leading zeros are fine. */
export function compilePorts(values: readonly string[]): CompiledValues {
  const ports = new Set(values.map(readPort))
  return {
    keys: [...ports].map((port) => ({ text: String(port), prefix: false })),
    isUnknown: ({ connection }) => connection.port === UNKNOWN_PORT,
    matches: ({ connection }) => ports.has(connection.port),
  }
}

function readPort(value: string): number {
  const port = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  if (!(port <= 65_535)) throw new BadValue(`\`${value}\` is no port`)
  return port
}

/** `connection.sni`: over the ClientHello's name, which arrives in lower case; the pattern is not folded. */
export function compileSni(values: readonly string[]): CompiledValues {
  const patterns = values.map(toPattern)
  return {
    keys: literalKeys(values),
    matches: ({ connection }) => connection.sni !== null && fitsAny(patterns, connection.sni),
  }
}

/** `experimental.envoy.filters.…`: no proxy tells its filters' metadata, so it is always absent. */
export function compileMetadata(): CompiledValues {
  return { keys: [], matches: () => false }
}
