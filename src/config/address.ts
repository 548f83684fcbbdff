import { isIP } from 'node:net'
import type { Address } from './config.ts'
import type { Reader } from './key.ts'
import { quote, ValueProblem } from './problems.ts'

const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/
const PORT = /^(0|[1-9]\d{0,4})$/

/** A listener's address, `host:port`, an IPv6 host in brackets. */
export const address: Reader<Address> = {
  form: '`host:port`',
  read(value) {
    const parsed = typeof value === 'string' ? toAddress(value) : null
    if (parsed !== null) return parsed
    throw new ValueProblem(`must be \`host:port\`, port 0 to 65535, IPv6 as \`[::1]:15012\`, not ${quote(value)}`)
  },
}

/** Host and port of `host:port`, or null; the host comes without brackets. */
export function toAddress(text: string): Address | null {
  const colon = text.lastIndexOf(':')
  const portText = text.slice(colon + 1)
  if (colon === -1 || !PORT.test(portText)) return null
  const port = Number(portText)
  const written = text.slice(0, colon)
  const bracketed = written.startsWith('[') && written.endsWith(']')
  const host = bracketed ? written.slice(1, -1) : written
  const fits = bracketed ? isIP(host) === 6 : isIP(host) === 4 || (HOST_NAME.test(host) && !/^[\d.]+$/.test(host))
  return fits && port <= 65_535 ? { host, port } : null
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
