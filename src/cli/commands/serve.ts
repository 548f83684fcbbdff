import { type Command, Option } from 'commander'
import { fromEnvironment } from '../environment-option.ts'
import type { Io } from '../io.ts'

/** `serve`: everything that it needs is loaded only when it runs. */
export function addServeCommand(program: Command, { env }: Io): void {
  program
    .command('serve')
    .description('run the service; the first start creates everything it needs')
    .addOption(fromEnvironment(env, 'ALCAZAR_CONFIG', new Option('--config <file>', 'configuration file')))
    .option('--data <dir>', 'data directory')
    .action(async (options: { config?: string; data?: string }) => {
      const { serve } = await import('../serve.ts')
      await serve(options)
    })
}
