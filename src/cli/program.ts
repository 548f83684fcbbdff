import { Command, Option } from 'commander'
import { addApplyCommand } from './commands/apply.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addAuthorityCommands } from './commands/authority.ts'
import { addBackupCommand } from './commands/backup.ts'
import { addBundleCommands } from './commands/bundle.ts'
import { addCertCommands } from './commands/cert.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addCrlCommands } from './commands/crl.ts'
import { addDeleteCommand } from './commands/delete.ts'
import { addDenyCommands } from './commands/deny.ts'
import { addDiffCommand } from './commands/diff.ts'
import { addGetCommand } from './commands/get.ts'
import { addJwtCommands } from './commands/jwt.ts'
import { addPolicyCommands } from './commands/policy.ts'
import { addRestoreCommand } from './commands/restore.ts'
import { addServeCommand } from './commands/serve.ts'
import { addStatusCommand } from './commands/status.ts'
import { addTokenCommands } from './commands/token.ts'
import { fromEnvironment } from './environment-option.ts'
import type { Io } from './io.ts'
import { FORMS } from './session.ts'
import { readVersion } from './version.ts'

const DEFAULT_SERVER = './data/admin.sock'

/** The tree of all commands. Building it loads nothing heavy: what a command needs, it imports when it runs. */
export function buildProgram(io: Io): Command {
  const program = new Command('alcazar')
    .description(
      'The identity control plane of a service mesh: certificates for workloads, and the authority behind them.',
    )
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'say what a command does and takes')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: io.stdout.write, writeErr: () => {}, outputError: () => {} })
    .exitOverride()
  for (const option of globalOptions(io.env)) program.addOption(option)
  addServeCommand(program, io)
  addTokenCommands(program, io)
  addCertCommands(program, io)
  addJwtCommands(program, io)
  addAuthorityCommands(program, io)
  addBundleCommands(program, io)
  addDenyCommands(program, io)
  addCrlCommands(program, io)
  addApplyCommand(program, io)
  addGetCommand(program, io)
  addDiffCommand(program, io)
  addDeleteCommand(program, io)
  addPolicyCommands(program, io)
  addAuditCommands(program, io)
  addBackupCommand(program, io)
  addRestoreCommand(program, io)
  addStatusCommand(program, io)
  addCompletionCommand(program, io)
  return program
}

function globalOptions(env: Io['env']): readonly Option[] {
  return [
    fromEnvironment(
      env,
      'ALCAZAR_OUTPUT',
      new Option('--output <form>', 'how the result is printed')
        .choices(FORMS)
        .argParser((form: string) => form) // some commands have a form more: `openSession` judges
        .default('table'),
    ),
    fromEnvironment(
      env,
      'ALCAZAR_SERVER',
      new Option('--server <socket|url>', 'admin socket or https URL of the server').default(DEFAULT_SERVER),
    ),
    fromEnvironment(env, 'ALCAZAR_CACERT', new Option('--cacert <file>', 'trust bundle for an https server')),
    fromEnvironment(env, 'ALCAZAR_CERT', new Option('--cert <file>', 'client certificate chain for an https server')),
    fromEnvironment(env, 'ALCAZAR_KEY', new Option('--key <file>', 'its private key')),
    fromEnvironment(env, 'ALCAZAR_TOKEN', new Option('--token <file>', 'file of a bearer token for an https server')),
    new Option('--verbose', 'show the stack of an error'),
  ]
}
