import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { open, readdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartupError } from '../kernel/startup-error.ts'
import { syncFolder } from '../kernel/sync-folder.ts'
import { type KeyType, signatureOf } from './key-types.ts'
import type { Signer } from './signer.ts'

/** Thrown at start: a key file that must not be used, with what to do about it. */
export class KeyFileError extends StartupError {
  override name = 'KeyFileError'

  constructor(message: string, cause?: unknown) {
    super('key.unusable', message, cause)
  }
}

/** A key file that others can read: its key may be known to them, so no service goes on with it. */
export class ExposedKeyError extends KeyFileError {
  override name = 'ExposedKeyError'
}

/** A new private key of `keyType`. */
export function generateKey(keyType: KeyType): KeyObject {
  switch (keyType) {
    case 'ec-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    case 'rsa-2048':
    case 'rsa-3072':
    case 'rsa-4096':
      return generateKeyPairSync('rsa', { modulusLength: Number(keyType.slice(4)) }).privateKey
  }
}

/** A signer whose key is in this process. */
export function toSigner(privateKey: KeyObject, keyType: KeyType): Signer {
  const { algorithm, hash } = signatureOf(keyType)
  return { keyType, publicKey: createPublicKey(privateKey), algorithm, sign: (data) => sign(hash, data, privateKey) }
}

/** Writes `text` beside `path` and renames it over, synced, mode 0600 unless said otherwise: a crash leaves the old or the new. */
export async function writeFileAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`
  const handle = await open(temporary, 'w', mode)
  try {
    await handle.chmod(mode) // before the contents, and whatever the umask
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** PKCS#8 PEM, encrypted (PBES2, AES-256) when there is a passphrase. */
export function privateKeyPem(privateKey: KeyObject, passphrase: string | null): string {
  const pem =
    passphrase === null
      ? privateKey.export({ type: 'pkcs8', format: 'pem' })
      : privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
  return pem.toString()
}

/** Reads a private key; `ExposedKeyError` when others may read the file, `KeyFileError` when the passphrase does not fit. */
export async function readPrivateKey(path: string, passphrase: string | null): Promise<KeyObject> {
  await refuseReadableByOthers(path)
  const pem = await readFile(path, 'utf8')
  const encrypted = pem.includes('ENCRYPTED')
  if (encrypted && passphrase === null) {
    throw new KeyFileError(`${path} is encrypted: set authority.keys.passphrase`)
  }
  if (!encrypted && passphrase !== null) {
    throw new KeyFileError(
      `${path} is not encrypted although authority.keys.passphrase is set: encrypt it with openssl pkcs8 -topk8 -v2 aes-256-cbc, or unset the passphrase`,
    )
  }
  try {
    return createPrivateKey(passphrase === null ? pem : { key: pem, passphrase })
  } catch (cause) {
    throw new KeyFileError(
      `${path} cannot be read as a PKCS#8 private key${encrypted ? ' with this passphrase' : ''}`,
      cause,
    )
  }
}

/** Throws `ExposedKeyError` when others may read any key in `directory`, also one that this start does not need. */
export async function refuseExposedKeys(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith('.key')) await refuseReadableByOthers(join(directory, name))
  }
}

async function refuseReadableByOthers(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o077) === 0) return
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  throw new ExposedKeyError(`${path} has mode ${shown}: others can read the key; run chmod 0600 on it`)
}
