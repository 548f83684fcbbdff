import { createReadStream } from 'node:fs'
import { CommandError, systemReason } from './command-error.ts'

export const STANDARD_INPUT = '-'

/** The bytes of a file or, for `-`, of standard input, at most somewhat more than `enough`; throws `file.unreadable`. */
export async function readInput(what: string, enough: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of what === STANDARD_INPUT ? process.stdin : createReadStream(what)) {
      chunks.push(chunk)
      length += chunk.length
      if (length > enough) break
    }
  } catch (error) {
    throw toUnreadable(what, error)
  }
  return Buffer.concat(chunks)
}

/** The failure of the system as `file.unreadable`; any other error as it is. */
export function toUnreadable(what: string, error: unknown): unknown {
  const reason = systemReason(error)
  return reason === null ? error : CommandError.of('file.unreadable', `\`${what}\` cannot be read: ${reason}`, error)
}
