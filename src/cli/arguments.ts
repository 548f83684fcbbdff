import { type Command, InvalidArgumentError, Option } from 'commander'
import type { UnixMillis } from '../kernel/clock.ts'
import { DURATION_FORM, toSeconds } from '../kernel/duration.ts'

const MAX_PAGE = 1000

/** A duration as the API takes it; the server judges whether it is allowed. */
export function parseTtl(text: string): string | number {
  const seconds = /^\d+$/.test(text) ? Number(text) : text
  if (toSeconds(seconds) === null) throw new InvalidArgumentError(`it must be ${DURATION_FORM}`)
  return seconds
}

/** A whole number of 1 or more. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('it must be a whole number of 1 or more')
  }
  return count
}

/** A page size. */
function parseLimit(text: string): number {
  const limit = parseCount(text)
  if (limit > MAX_PAGE) throw new InvalidArgumentError(`it must be at most ${MAX_PAGE}`)
  return limit
}

/** A reader of times: RFC 3339, or a duration that lies so far back (`--since 24h`); gives RFC 3339 UTC. */
export function timeParser(now: () => UnixMillis): (text: string) => string {
  return (text) => {
    const back = toSeconds(text)
    const at = back === null ? Date.parse(text) : now() - back * 1000
    const isWritten = back !== null || /^\d{4}-\d\d-\d\d/.test(text)
    if (!isWritten || Number.isNaN(at)) {
      throw new InvalidArgumentError(
        'It must be a time such as `2026-11-21T03:00:00Z`, or how long ago, such as `24h`.',
      )
    }
    return new Date(at).toISOString()
  }
}

const SERIAL = /^(?:0x)?[0-9a-f]{1,40}$/

/** A serial as `openssl` or a browser writes it (upper case, colons, `0x`), as the API names it; null for anything else. */
export function toSerial(text: string): string | null {
  const bare = text.toLowerCase().replaceAll(':', '')
  return SERIAL.test(bare) ? bare.replace(/^0x/, '').padStart(32, '0') : null
}

/** The same; anything else is a usage error. */
export function parseSerial(text: string): string {
  const serial = toSerial(text)
  if (serial === null) throw new InvalidArgumentError('it must be a serial in hexadecimal digits')
  return serial
}

/** The page of a list, as every list takes it. */
export function addPageOptions(command: Command): Command {
  return command
    .addOption(new Option('--limit <n>', 'at most so many, 1 to 1000').argParser(parseLimit))
    .option('--after <cursor>', 'the page behind this cursor')
}

/** The values of `addPageOptions`. */
export interface PageOptions {
  readonly limit?: number
  readonly after?: string
}

/** Query fields of a page. */
export function toPageQuery({ limit, after }: PageOptions): { limit: string | undefined; after: string | undefined } {
  return { limit: limit?.toString(), after }
}
