import { openProcessIo } from './io.ts'
import { runCommandLine } from './run.ts'

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2), openProcessIo())
}
