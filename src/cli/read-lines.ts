import { createReadStream } from 'node:fs'
import { CommandError } from './command-error.ts'
import { toUnreadable } from './read-input.ts'

const LINE_END = 0x0a

/**
 * The lines of a file without their ends, in memory for one line of at most `maxBytes`; throws `file.unreadable`. Bytes
 * that are no UTF-8 become U+FFFD.
 */
export async function* readLines(path: string, maxBytes: number): AsyncGenerator<string> {
  try {
    yield* splitLines(createReadStream(path) as AsyncIterable<Buffer>, { name: path, maxBytes })
  } catch (error) {
    throw error instanceof CommandError ? error : toUnreadable(path, error)
  }
}

/** The same of bytes that come from elsewhere; `name` says from where. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  { name, maxBytes }: { readonly name: string; readonly maxBytes: number },
): AsyncGenerator<string> {
  let rest: readonly Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString()
      rest = []
      length = 0
      start = end + 1
    }
    rest = [...rest, chunk.subarray(start)]
    length += chunk.length - start
    if (length > maxBytes) throw CommandError.of('file.unreadable', `\`${name}\` has a line of over ${maxBytes} bytes`)
  }
  if (length > 0) yield Buffer.concat(rest).toString()
}
