import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
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
  /** Asks a person and gives the answer, which is not shown if it is to be hidden; null where nobody can be asked. */
  readonly ask: ((question: string, answer?: 'hidden') => Promise<string>) | null
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

async function askPerson(question: string, answer?: 'hidden'): Promise<string> {
  const isHidden = answer === 'hidden'
  if (isHidden) process.stderr.write(question)
  const output = isHidden ? new Writable({ write: (_bytes, _encoding, done) => done() }) : process.stderr
  const echo = isHidden ? { terminal: true } : {} // a terminal echoes to its output: to nowhere
  const lines = createInterface({ input: process.stdin, output, ...echo })
  try {
    return await lines.question(isHidden ? '' : question)
  } finally {
    lines.close()
    if (isHidden) process.stderr.write('\n')
  }
}
