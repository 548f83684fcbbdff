import { type Command, Option } from 'commander'
import type { Kind } from '../../mesh/resource.ts'
import { addPageOptions } from '../arguments.ts'
import { type GetOptions, getResources } from '../get-resources.ts'
import type { Io } from '../io.ts'
import { KINDS_HELP, parseKind } from '../kinds.ts'
import { openSession } from '../session.ts'

/** `get [KIND] [NAME]`: stored policies and workloads. */
export function addGetCommand(program: Command, io: Io): void {
  const get = program
    .command('get')
    .description('show stored policies and workloads')
    .argument('[kind]', KINDS_HELP, parseKind)
    .argument('[name]', 'only this one')
    .addOption(namespaceOption('only of this namespace; for one by its name, `default` if not given'))
    .addHelpText('after', '\n--output yaml prints what `apply` takes.')
  addPageOptions(get).action(
    (kind: Kind | undefined, name: string | undefined, options: GetOptions, command: Command) => {
      return getResources(openSession(io, command, ['yaml']), { kind, name }, options)
    },
  )
}

/** `-n NS`, as kubectl has it. */
export function namespaceOption(description: string): Option {
  return new Option('-n, --namespace <namespace>', description)
}
