import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { keyId } from './build-certificate.ts'
import { generateKey, KeyFileError, privateKeyPem, readPrivateKey, toSigner, writeFileAtomically } from './file-keys.ts'
import type { KeyType } from './key-types.ts'
import type { Signer } from './signer.ts'

/** Authority keys as PKCS#8 files `<directory>/<authority id>.key`, mode 0600, encrypted when there is a passphrase. */
export function openFileKeyProvider(directory: string, passphrase: string | null) {
  const pathOf = (id: string) => join(directory, `${id}.key`)
  const store = async (key: KeyObject, keyType: KeyType): Promise<{ id: string; signer: Signer }> => {
    const id = idOf(key)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await writeFileAtomically(pathOf(id), privateKeyPem(key, passphrase))
    return { id, signer: toSigner(key, keyType) }
  }
  return {
    create: (keyType: KeyType) => store(generateKey(keyType), keyType),
    adopt: async (pkcs8: Buffer, keyType: KeyType) =>
      store(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }), keyType),
    async has(id: string): Promise<boolean> {
      return (await stat(pathOf(id)).catch(nullWhenMissing)) !== null
    },
    async load(id: string, keyType: KeyType): Promise<Signer> {
      const key = await readPrivateKey(pathOf(id), passphrase).catch(nullWhenMissing)
      if (key === null) throw new KeyFileError(`${pathOf(id)} is not there: restore it from a backup`)
      if (idOf(key) !== id)
        throw new KeyFileError(`${pathOf(id)} holds another key than that of authority ${id}: restore the right file`)
      return toSigner(key, keyType)
    },
    discard: (id: string): Promise<void> => rm(pathOf(id), { force: true }),
  }
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

function idOf(key: KeyObject): string {
  return keyId(createPublicKey(key).export({ type: 'spki', format: 'der' }))
}
