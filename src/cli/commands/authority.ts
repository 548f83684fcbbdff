import { Argument, type Command, Option } from 'commander'
import { KEY_TYPES, type KeyType } from '../../pki/key-types.ts'
import { AUTHORITY_KINDS, type AuthorityKind } from '../authority/authority-kinds.ts'
import type { Io } from '../io.ts'
import { openSession } from '../session.ts'
import { addImportCommands } from './authority-import.ts'

/** The options of `authority prepare`. */
export interface PrepareOptions {
  readonly kind: AuthorityKind
  readonly keyType?: KeyType
  readonly crossSign?: boolean
  readonly reason?: string
  readonly dryRun?: boolean
}

/** The options of `authority rotate`. */
export interface RotateOptions extends PrepareOptions {
  readonly detach?: boolean
  readonly resume?: boolean
  readonly yes?: boolean
}

/** The options of the commands that change one authority or rotation. */
export interface ChangeOptions {
  readonly crossSign?: boolean
  readonly reason?: string
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** `authority list|rotate|…`: the life of roots, intermediates and JWT keys. */
export function addAuthorityCommands(program: Command, io: Io): void {
  const authority = program.command('authority').description('roots, intermediates and JWT keys, and their rotation')
  authority
    .command('list')
    .description('list them with their states, what is valid below them, and what happens to them next')
    .option('--all', 'also those that are retired or revoked')
    .action(async (options: { readonly all?: boolean }, command: Command) => {
      const { listAuthorities } = await import('../authority/list-authorities.ts')
      await listAuthorities(openSession(io, command), options)
    })
  addRotationCommands(authority, io)
  addPrepare(authority, io)
  for (const verb of VERBS) addChange(authority, io, verb)
  addImportCommands(authority, io)
}

function addRotationCommands(authority: Command, io: Io): void {
  addNewOptions(authority.command('rotate'))
    .description('replace one: publish the next, wait until everybody has it, let it sign, retire the old one')
    .option('--detach', 'start it and do not follow')
    .option('--resume', 'follow the one that runs, where one runs already')
    .option('--yes', 'do not ask')
    .action(async (options: RotateOptions, command: Command) => {
      const { rotate } = await import('../authority/rotate.ts')
      await rotate(openSession(io, command), options)
    })
  authority
    .command('follow')
    .description('show how a rotation goes on, until it ends')
    .argument('<rotation>', 'its id, or the beginning of it')
    .action(async (id: string, _options: object, command: Command) => {
      const { follow } = await import('../authority/rotate.ts')
      await follow(openSession(io, command), id)
    })
  authority
    .command('rotations')
    .description('list the rotations that run, and those that ended of late')
    .action(async (_options: object, command: Command) => {
      const { listRotations } = await import('../authority/list-rotations.ts')
      await listRotations(openSession(io, command))
    })
}

function addPrepare(authority: Command, io: Io): void {
  addNewOptions(authority.command('prepare'))
    .description('publish the next one, which signs nothing yet; safe to repeat')
    .action(async (options: PrepareOptions, command: Command) => {
      const { prepare } = await import('../authority/change-authority.ts')
      await prepare(openSession(io, command), options)
    })
}

function addNewOptions(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'which kind').choices(AUTHORITY_KINDS).makeOptionMandatory())
    .addOption(new Option('--key-type <type>', 'kind of its key, if not the configured one').choices(KEY_TYPES))
    .option('--cross-sign', 'of a root: let the old one certify it, so that nobody is waited for')
    .option('--reason <text>', 'why, for the record')
    .option('--dry-run', 'only print the timetable')
}

const VERBS = ['activate', 'retire', 'taint', 'revoke', 'abort', 'force'] as const
export type ChangeVerb = (typeof VERBS)[number]

const DESCRIPTIONS = {
  activate: 'let a prepared one sign, once everybody has its root',
  retire: 'take an old one out of the bundle, once nothing valid descends from it',
  taint: 'have everybody below it renew now; from an active one a prepared one takes over',
  revoke: 'take one out of the bundle at once; from an active one a prepared one takes over',
  abort: 'give up a prepared one, or return to the old one before it is retired',
  force: 'let a rotation go on without those that it waits for',
} as const satisfies Record<ChangeVerb, string>

function addChange(authority: Command, io: Io, verb: ChangeVerb): void {
  const takesRotation = verb === 'abort' || verb === 'force'
  const what = takesRotation ? 'id of an authority or of a rotation' : 'id of an authority'
  const command = authority
    .command(verb)
    .description(DESCRIPTIONS[verb])
    .addArgument(new Argument('<id>', `${what}, or the beginning of it`))
  if (verb === 'force') command.requiredOption('--reason <text>', 'why, for the record')
  else command.option('--reason <text>', 'why, for the record').option('--dry-run', 'only say what would change')
  if (verb === 'activate') command.option('--cross-sign', 'let the old root certify the new one, and wait for nobody')
  if (!takesRotation) command.option('--force', 'although it waits for something; needs --reason')
  command.option('--yes', 'do not ask').action(async (id: string, options: ChangeOptions, self: Command) => {
    const { change } = await import('../authority/change-authority.ts')
    await change(openSession(io, self), { verb, id }, options)
  })
}
