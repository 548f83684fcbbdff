import { createReadStream } from 'node:fs'
import { CommandError } from './command-error.ts'
import { toUnreadable } from './read-input.ts'

const LINE_END = 0x0a

/**
 * The lines of a file without their ends, in memory for one line of at most `maxBytes`; throws `file.unreadable`. Bytes
 * that are no UTF-8 become U+FFFD.
 */
export async function* readLines(path: string, maxBytes: number): AsyncGenerator<string> {
  let rest: readonly Buffer[] = []
  let length = 0
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, start)) {
        yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString()
        rest = []
        length = 0
        start = end + 1
      }
      rest = [...rest, chunk.subarray(start)]
      length += chunk.length - start
      if (length > maxBytes)
        throw CommandError.of('file.unreadable', `\`${path}\` has a line of over ${maxBytes} bytes`)
    }
  } catch (error) {
    throw error instanceof CommandError ? error : toUnreadable(path, error)
  }
  if (length > 0) yield Buffer.concat(rest).toString()
}
