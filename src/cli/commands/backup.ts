import type { Command } from 'commander'
import { PASSPHRASE_VARIABLE } from '../backup-passphrase.ts'
import type { Io } from '../io.ts'
import { openSession } from '../session.ts'
import type { BackupOptions } from '../take-backup.ts'

/** `backup`: record, keys and certificates in one encrypted file, while the service runs. */
export function addBackupCommand(program: Command, io: Io): void {
  program
    .command('backup')
    .description('write the record, the keys and the certificates to one encrypted file, while the service runs')
    .argument('<file>', 'the backup; its owner alone can read it')
    .option('--passphrase-file <file>', `file of its passphrase (or ${PASSPHRASE_VARIABLE}); without it you are asked`)
    .option('--force', 'replace a file that is there')
    .action(async (file: string, options: BackupOptions, command: Command) => {
      const { takeBackup } = await import('../take-backup.ts')
      await takeBackup(openSession(io, command), file, options)
    })
}
