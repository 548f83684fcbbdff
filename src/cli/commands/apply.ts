import type { Command } from 'commander'
import type { Io } from '../io.ts'
import { openSession } from '../session.ts'

/** `apply -f`: stores policies and workloads. */
export function addApplyCommand(program: Command, io: Io): void {
  program
    .command('apply')
    .description('store policies and workloads, all of them or none')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input; YAML or JSON')
    .option('--dry-run', 'only judge them and say what would change')
    .action(async (options: { filename: readonly string[]; dryRun?: boolean }, command: Command) => {
      const { applyFiles } = await import('../apply-files.ts')
      await applyFiles(openSession(io, command), options.filename, { isDryRun: options.dryRun === true })
    })
}
