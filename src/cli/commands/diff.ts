import type { Command } from 'commander'
import type { Io } from '../io.ts'
import { openSession } from '../session.ts'

/** `diff -f`: what applying would change; exit code 1 when there is a difference. */
export function addDiffCommand(program: Command, io: Io): void {
  program
    .command('diff')
    .description('show what `apply` would change; exits 1 when there is a difference')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input; YAML or JSON')
    .action(async ({ filename }: { filename: readonly string[] }, command: Command) => {
      const { diffFiles } = await import('../diff-files.ts')
      await diffFiles(openSession(io, command), filename)
    })
}
