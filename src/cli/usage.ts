import type { Command, CommanderError } from 'commander'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'

/** What commander refused, in one line with what was probably meant and where help is. */
export function toUsageError(error: CommanderError, command: Command): CommandError {
  const help = `\`${pathOf(command)} --help\` says what it takes`
  if (error.code === 'commander.help') return CommandError.of('usage', `say which command; ${help}`)
  const [first = '', suggestion = ''] = error.message.split('\n')
  const problem = first
    .replace(/^error: /, '')
    .replace(' is invalid. ', ' is invalid: ')
    .replace(/\.$/, '')
  const meant = suggestion.replace(/^\(Did you mean (.*)\?\)$/, '; did you mean $1?')
  return CommandError.of('usage', `${problem}${meant}${meant === '' ? ';' : ''} ${help}`, error)
}

/** The command that `argv` names, as far as it names one. */
export function deepestCommand(program: Command, argv: readonly string[]): Command {
  let command = program
  for (const word of argv) command = command.commands.find((child) => child.name() === word) ?? command
  return command
}

/** Whether the failure is to be told as JSON; asked of the bare words, as parsing them may be what failed. */
export function wantsJson(argv: readonly string[], env: Io['env']): boolean {
  const at = argv.findLastIndex((word) => word === '--output' || word.startsWith('--output='))
  const written = argv[at] === '--output' ? argv[at + 1] : argv[at]?.slice('--output='.length)
  return (written ?? env.ALCAZAR_OUTPUT) === 'json'
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}
