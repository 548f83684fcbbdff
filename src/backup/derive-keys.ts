import { hkdfSync, scrypt } from 'node:crypto'

/** The cost of scrypt (RFC 7914 §2): memory is 128 · r · 2^logN bytes. */
export interface ScryptCost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** What a passphrase gives for one backup. */
export interface BackupKeys {
  /** Encrypts the contents. */
  readonly sealing: Buffer
  /** Proves the passphrase, so that a wrong one is not taken for damage. */
  readonly confirming: Buffer
}

const KEY_BYTES = 32

/** Derives the keys off the main thread, in some tenths of a second; the passphrase is read in its NFKC form. */
export async function deriveKeys(passphrase: string, salt: Buffer, cost: ScryptCost): Promise<BackupKeys> {
  const { logN, r, p } = cost
  const N = 2 ** logN
  const options = { N, r, p, maxmem: 2 * 128 * N * r }
  const secret = await new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
  const part = (info: string) => Buffer.from(hkdfSync('sha256', secret, salt, `alcazar backup ${info}`, KEY_BYTES))
  return { sealing: part('contents'), confirming: part('header') }
}
