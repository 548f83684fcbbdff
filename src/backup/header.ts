import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { BackupError } from './backup-error.ts'
import { type BackupKeys, deriveKeys, type ScryptCost } from './derive-keys.ts'

const MAGIC = Buffer.from('ALCZBKUP', 'latin1')
const VERSION = 1
/** What OWASP's cheat sheet on password storage asks for at least. */
const COST: ScryptCost = { logN: 17, r: 8, p: 1 }
const MAX_LOG_N = 20 // 1 GiB of memory
const SALT_BYTES = 32

// magic 8 · version 4 · log2 N, r, p, 0 · salt 32 · HMAC of all before, by the passphrase 32 · SHA-256 of all before 32
const VERSION_AT = 8
const COST_AT = 12
const SALT_AT = 16
const MAC_AT = SALT_AT + SALT_BYTES
const SUM_AT = MAC_AT + 32

/** Bytes of the header, which is not encrypted. */
export const HEADER_BYTES = SUM_AT + 32

/** A header with a fresh salt, and the key of what follows it. */
export async function newHeader(passphrase: string, salt: Buffer): Promise<{ header: Buffer; key: Buffer }> {
  if (salt.length !== SALT_BYTES) throw new TypeError(`a salt has ${SALT_BYTES} bytes`)
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32BE(VERSION, VERSION_AT)
  header.set([COST.logN, COST.r, COST.p, 0], COST_AT)
  header.set(salt, SALT_AT)
  const keys = await deriveKeys(passphrase, salt, COST)
  macOf(header, keys).copy(header, MAC_AT)
  sumOf(header).copy(header, SUM_AT)
  return { header, key: keys.sealing }
}

/**
 * The key of what follows. The checksum tells a damaged header from a wrong passphrase; against changes on purpose
 * stands the HMAC, whose key only the passphrase gives. Throws `backup.*`.
 */
export async function openHeader(header: Buffer, passphrase: string): Promise<Buffer> {
  const cost = parseHeader(header)
  const keys = await deriveKeys(passphrase, header.subarray(SALT_AT, MAC_AT), cost)
  if (timingSafeEqual(macOf(header, keys), header.subarray(MAC_AT, SUM_AT))) return keys.sealing
  throw new BackupError('backup.passphrase_wrong', 'the passphrase is not that of this backup')
}

function parseHeader(header: Buffer): ScryptCost {
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BackupError('backup.unknown_format', 'the file is not a backup of Alcazar, or its beginning is damaged')
  }
  if (header.length < HEADER_BYTES) throw new BackupError('backup.damaged', 'the backup ends within its header')
  const version = header.readUInt32BE(VERSION_AT)
  if (version > VERSION) {
    const message = `the backup has format ${version} and this program knows ${VERSION}: restore it with the program that made it`
    throw new BackupError('backup.newer', message)
  }
  const [logN = 0, r = 0, p = 0] = header.subarray(COST_AT)
  const isSane = version === VERSION && logN >= COST.logN && logN <= MAX_LOG_N && r === COST.r && p === COST.p
  if (!isSane || !sumOf(header).equals(header.subarray(SUM_AT))) {
    throw new BackupError('backup.damaged', 'the header of the backup is damaged; take an older one')
  }
  return { logN, r, p }
}

function macOf(header: Buffer, keys: BackupKeys): Buffer {
  return createHmac('sha256', keys.confirming).update(header.subarray(0, MAC_AT)).digest()
}

function sumOf(header: Buffer): Buffer {
  return createHash('sha256').update(header.subarray(0, SUM_AT)).digest()
}
