import type { KeyType } from '../../pki/key-types.ts'
import type { Signer } from '../../pki/signer.ts'
import type { Authority } from '../authority.ts'
import type { KeyProvider } from '../key-provider.ts'

/** A line that outlives the process. */
export interface Note {
  /** Null before the first `write`. */
  read(): Promise<string | null>
  write(line: string): Promise<void>
}

export interface PendingKeyDeps {
  readonly keys: KeyProvider
  readonly note: Note
  readonly known: () => readonly Authority[]
}

const ID = /^[0-9a-f]{40}$/

/**
 * The key that waits for its certificate: the same one until an authority has it, whatever fails or restarts in between, so
 * that no attempt leaves a key behind.
 */
export async function pendingKey(keyType: KeyType, { keys, note, known }: PendingKeyDeps): Promise<Signer> {
  const id = idIn(await note.read(), keyType)
  const isWaiting = id !== null && !known().some((authority) => authority.id === id) && (await keys.has(id))
  if (isWaiting) return keys.load(id, keyType)
  const made = await keys.create(keyType)
  try {
    await note.write(`${keyType} ${made.id}\n`)
  } catch (error) {
    await keys.discard(made.id)
    throw error
  }
  return made.signer
}

/** Null for a key of another type, and for what was not written here: it becomes the name of a file. */
function idIn(line: string | null, keyType: KeyType): string | null {
  const [type, id = ''] = (line ?? '').trim().split(' ')
  return type === keyType && ID.test(id) ? id : null
}
