import { CommanderError } from 'commander'
import { StartupError } from '../kernel/startup-error.ts'
import { EXIT, type ExitCode, NegativeResult, toFailure } from './command-error.ts'
import type { Io } from './io.ts'
import { buildProgram } from './program.ts'
import { toSafeJson, toSafeText } from './safe-text.ts'
import { toStyle } from './style.ts'
import { deepestCommand, toUsageError, wantsJson } from './usage.ts'

/** Runs one command line and gives the exit code; whatever goes wrong is told on standard error, once. */
export async function runCommandLine(argv: readonly string[], io: Io): Promise<ExitCode> {
  const program = buildProgram(io)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done // --help, --version
    if (error instanceof NegativeResult) return EXIT.refused
    if (!(error instanceof CommanderError)) return tellFailure(error, argv, io)
    const command = deepestCommand(program, argv)
    if (error.code === 'commander.help' && !wantsJson(argv, io.env)) io.stderr.write(`${command.helpInformation()}\n`)
    return tellFailure(toUsageError(error, command), argv, io)
  }
}

function tellFailure(error: unknown, argv: readonly string[], io: Io): ExitCode {
  const { code, exit, message, detail } = toFailure(error)
  const isVerbose = argv.includes('--verbose')
  if (wantsJson(argv, io.env)) {
    io.stderr.write(`${toSafeJson({ error: { code, message, ...(detail === undefined ? {} : { detail }) } })}\n`)
  } else {
    const style = toStyle(io, io.stderr)
    const { requestId } = detail ?? {} // what the server's log has it under
    const tag = typeof requestId === 'string' ? `${code}, request ${requestId}` : code
    io.stderr.write(
      `${style.bad('error')}: ${error instanceof StartupError ? toLines(message) : toSafeText(message)} ${style.dim(`[${toSafeText(tag)}]`)}\n`,
    )
    if (exit === EXIT.bug && !isVerbose) io.stderr.write('please report it; --verbose shows where it happened\n')
  }
  if (isVerbose && error instanceof Error) io.stderr.write(`${toLines(error.stack ?? '')}\n`)
  return exit
}

/** Stacks, and of messages our own alone, have several lines: those that end a start. */
function toLines(message: string): string {
  return message.split('\n').map(toSafeText).join('\n  ')
}
