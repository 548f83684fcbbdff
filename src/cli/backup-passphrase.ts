import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import { readInput } from './read-input.ts'

export const PASSPHRASE_VARIABLE = 'ALCAZAR_BACKUP_PASSPHRASE'

const LEAST = 8
const MOST = 1024

/** Where the passphrase of a backup comes from; one that is made anew is asked for twice. */
export interface PassphraseSource {
  readonly file: string | undefined
  readonly isNew: boolean
}

/** The passphrase from a file (a newline at its end does not count), the environment, or a person; else `usage`. */
export async function readBackupPassphrase(io: Io, { file, isNew }: PassphraseSource): Promise<string> {
  const passphrase = await find(io, { file, isNew })
  if (isNew && (passphrase.length < LEAST || passphrase.length > MOST)) {
    throw CommandError.of('usage', `the passphrase must have ${LEAST} to ${MOST} characters`)
  }
  return passphrase
}

async function find(io: Io, { file, isNew }: PassphraseSource): Promise<string> {
  const given = io.env[PASSPHRASE_VARIABLE]
  if (file !== undefined) return (await readInput(file, 4 * MOST)).toString('utf8').replace(/\r?\n$/, '')
  if (given !== undefined && given !== '') return given
  if (io.ask === null) {
    throw CommandError.of(
      'usage',
      `there is nobody to ask for the passphrase: give --passphrase-file or ${PASSPHRASE_VARIABLE}`,
    )
  }
  const passphrase = await io.ask('Passphrase of the backup: ', 'hidden')
  if (isNew && (await io.ask('The same again: ', 'hidden')) !== passphrase) {
    throw CommandError.of('cancelled', 'the two passphrases are not the same; nothing was done')
  }
  return passphrase
}
