import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: a file that was synced can still lose its new name to a power failure. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
