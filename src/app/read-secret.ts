import { readFileSync } from 'node:fs'
import type { SecretReference } from '../config/config.ts'
import { KeyFileError } from '../pki/file-keys.ts'

/** Where a secret is asked for: `path` is the key of the configuration, for messages. */
interface SecretPlace {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
}

/** The secret that a reference names, without the newline at its end; throws `key.unusable` when it is not there. */
export function readSecret(reference: SecretReference, { path, env }: SecretPlace): string {
  const text = 'file' in reference ? readSecretFile(reference.file, path) : env[reference.env]
  if (text !== undefined && text !== '') return text
  const where = 'file' in reference ? reference.file : `the environment variable ${reference.env}`
  throw new KeyFileError(`${path}: ${where} is empty`)
}

function readSecretFile(file: string, path: string): string {
  try {
    const bytes = readFileSync(file)
    const text = bytes.toString().replace(/\r?\n$/, '')
    bytes.fill(0) // strings cannot be wiped: this one is at least the only copy
    return text
  } catch (cause) {
    throw new KeyFileError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}
