import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Question } from '../policy/request.ts'
import type { ProviderAnswer } from './provider.ts'

/** The way to one provider. */
export interface Provider {
  /** Rejects with `ProviderError` when it gave no answer that counts. */
  ask(question: Question): Promise<ProviderAnswer>
  close(): void
}

/** A provider could not be asked, or answered what cannot be used; the message is for the log and for who explains. */
export class ProviderError extends Error {
  override name = 'ProviderError'
}

export type HeaderField = readonly [name: string, value: string]
export type Refusal = Extract<ProviderAnswer, { granted: false }>

/** Lets the request pass as it is. */
export const GRANTED: ProviderAnswer = { granted: true, headers: [] }

/** Bytes of a refusal's body that reach the client. */
export const MAX_BODY_BYTES = 8_192

/** Fields of one connection (RFC 9110 §7.6.1) and those that frame a message: never passed on. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a field (name in lower case) says something of the request or response itself, and not of how it travelled. */
export function isEndToEnd(name: string): boolean {
  return !name.startsWith(':') && !OF_THE_CONNECTION.has(name)
}

/** Whether a field may stand in a message: no line break or other trick (RFC 9110 §5.1, §5.5). */
export function isValidField([name, value]: HeaderField): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false // that is how node says no
  }
}

/**
 * Its refusal, as a client may get it. A status of success becomes 403: proxies that ask over HTTP take it for a grant
 * (nginx and Traefik any 2xx), where Envoy would give it to the client as it is.
 */
export function toRefusal(status: number, headers: readonly HeaderField[], body: string): Refusal {
  const refuses = Number.isInteger(status) && status >= 300 && status <= 599
  return {
    granted: false,
    status: refuses ? status : 403,
    headers: headers.filter((field) => isEndToEnd(field[0]) && isValidField(field)),
    body,
    reason: `the provider refused with ${status}`,
  }
}
