import type { Command } from 'commander'
import type { Io } from '../io.ts'

/** `serve`: everything that it needs is loaded only when it runs. */
export function addServeCommand(program: Command, _io: Io): void {
  program
    .command('serve')
    .description('run the service; the first start creates everything it needs')
    .option('--config <file>', 'configuration file')
    .option('--data <dir>', 'data directory')
    .action(async (options: { config?: string; data?: string }) => {
      const { serve } = await import('../serve.ts')
      await serve(options)
    })
}
