import { X509Certificate } from 'node:crypto'
import { CommandError } from './command-error.ts'
import { readInput } from './read-input.ts'

const MAX_BYTES = 4 * 1024 * 1024
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** The certificates of a PEM file; throws `file.unreadable` when there is none, or one that cannot be read. */
export async function readRoots(path: string): Promise<readonly X509Certificate[]> {
  const bytes = await readInput(path, MAX_BYTES)
  const blocks = bytes.length > MAX_BYTES ? [] : (bytes.toString('latin1').match(BLOCK) ?? [])
  if (blocks.length === 0) throw CommandError.of('file.unreadable', `\`${path}\` holds no certificates in PEM`)
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (cause) {
    throw CommandError.of('file.unreadable', `\`${path}\` holds a certificate that cannot be read`, cause)
  }
}
