import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import type { UnixMillis } from '../kernel/clock.ts'
import { CommandError } from './command-error.ts'

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
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? openAsk(process.stdin, process.stderr) : null,
  }
}

function toSink(stream: NodeJS.WriteStream): Sink {
  return { isTerminal: stream.isTTY === true, write: (text) => void stream.write(text) }
}

function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

/** Asks at a terminal; `cancelled` for Ctrl-C and Ctrl-D in place of an answer. */
export function openAsk(input: Readable, terminal: Writable): NonNullable<Io['ask']> {
  return async (question, answer) => {
    const isHidden = answer === 'hidden'
    if (isHidden) terminal.write(question)
    const output = isHidden ? new Writable({ write: (_bytes, _encoding, done) => done() }) : terminal
    const lines = createInterface({ input, output, terminal: true }) // it echoes to its output: what is hidden to nowhere
    try {
      return await lines.question(isHidden ? '' : question)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
      if (!isHidden) terminal.write('\n')
      throw CommandError.of('cancelled', 'nothing was done', error)
    } finally {
      lines.close()
      if (isHidden) terminal.write('\n')
    }
  }
}
