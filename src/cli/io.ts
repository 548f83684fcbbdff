import { createInterface } from 'node:readline/promises'
import type { UnixMillis } from '../kernel/clock.ts'

/** Where text goes; colours and relative times are for a terminal alone. */
export interface Sink {
  readonly isTerminal: boolean
  write(text: string): void
}

/** What a command knows of the world; tests give their own. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => UnixMillis
  /** Asks a person and gives the answer; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null
}

/** The Io of this process; a reader that went away (`| head`) ends it quietly. */
export function openProcessIo(): Io {
  process.stdout.on('error', endOnClosedPipe)
  process.stderr.on('error', endOnClosedPipe)
  return {
    stdout: toSink(process.stdout),
    stderr: toSink(process.stderr),
    env: process.env,
    now: () => Date.now(),
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? askPerson : null,
  }
}

function toSink(stream: NodeJS.WriteStream): Sink {
  return { isTerminal: stream.isTTY === true, write: (text) => void stream.write(text) }
}

function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}
