import type { Command } from 'commander'
import { PASSPHRASE_VARIABLE } from '../backup-passphrase.ts'
import type { Io } from '../io.ts'
import type { RestoreOptions } from '../restore-backup.ts'
import { openSession } from '../session.ts'

/** `restore`: a backup into an empty data directory, without a server. */
export function addRestoreCommand(program: Command, io: Io): void {
  program
    .command('restore')
    .description('put a backup into an absent or empty data directory; needs no server')
    .argument('<file>', 'the backup')
    .option('--data <dir>', 'data directory', './data')
    .option('--passphrase-file <file>', `file of its passphrase (or ${PASSPHRASE_VARIABLE}); without it you are asked`)
    .option('--previous <path>', 'data directory or database in use until now: what it knows since the backup is kept')
    .action(async (file: string, options: RestoreOptions, command: Command) => {
      const { restore } = await import('../restore-backup.ts')
      await restore(openSession(io, command), file, options)
    })
}
