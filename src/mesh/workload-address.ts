import { isIP, SocketAddress } from 'node:net'

const MAPPED = '::ffff:'

/**
 * One spelling for each address: IPv6 in canonical form (RFC 5952), an IPv4-mapped one as IPv4 – a dual-stack socket
 * tells the same peer in either form – and anything else, such as a host name, in lower case.
 */
export function toAddressKey(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address.toLowerCase()
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  const mapped = canonical.startsWith(MAPPED) ? canonical.slice(MAPPED.length) : ''
  return isIP(mapped) === 4 ? mapped : canonical
}
