import type { Command } from 'commander'
import type { Kind } from '../../mesh/resource.ts'
import { CommandError } from '../command-error.ts'
import type { Io } from '../io.ts'
import { KINDS_HELP, parseKind } from '../kinds.ts'
import { openSession } from '../session.ts'
import { namespaceOption } from './get.ts'

interface DeleteOptions {
  readonly namespace?: string
  readonly filename?: readonly string[]
}

/** `delete KIND NAME` and `delete -f`. */
export function addDeleteCommand(program: Command, io: Io): void {
  program
    .command('delete')
    .description('remove stored policies and workloads')
    .argument('[kind]', KINDS_HELP, parseKind)
    .argument('[name]', 'which one')
    .addOption(namespaceOption('its namespace, `default` if not given'))
    .option('-f, --filename <path...>', 'what these files name: files, directories, or - for standard input')
    .action(async (kind: Kind | undefined, name: string | undefined, options: DeleteOptions, command: Command) => {
      const { deleteFiles, deleteOne } = await import('../delete-resources.ts')
      const { namespace = 'default', filename } = options
      const session = openSession(io, command)
      if (filename !== undefined && kind === undefined) return deleteFiles(session, filename)
      if (filename === undefined && kind !== undefined && name !== undefined) {
        return deleteOne(session, { kind, namespace, name })
      }
      throw CommandError.of('usage', 'say either a kind and a name, or -f with files')
    })
}
