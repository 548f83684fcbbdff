import type { Intent } from '../ca/record.ts'
import type { UnixSeconds } from '../kernel/clock.ts'

/**
 * A group of intents by columns: three flat arrays cross between the threads for a tenth of what a clone of as many
 * objects costs.
 */
export interface IntentColumns {
  readonly count: number
  readonly strings: readonly string[]
  readonly numbers: Float64Array
  readonly bytes: Uint8Array
}

const SERIAL_BYTES = 16
const HASH_BYTES = 32
const STRINGS = 6
const NUMBERS = 6
const BYTES = SERIAL_BYTES + 2 * HASH_BYTES

/** A row as the writer binds it. */
export interface IntentValues {
  readonly serial: Uint8Array
  readonly identity: string
  readonly notBefore: number
  readonly notAfter: number
  readonly issuedAt: number
  readonly attestor: string
  readonly subject: string
  readonly authority: string
  readonly spkiSha256: Uint8Array
  readonly csrSha256: Uint8Array
  readonly peer: string
  readonly bundleSequence: number
  readonly spend: SpendValues | null
}

/** `key` is the id of a join token, or the hash of a JWT in hex. */
export interface SpendValues {
  readonly kind: 'join-token' | 'jwt'
  readonly key: string
  readonly expiresAt: UnixSeconds
}

/** Throws `TypeError` unless serial and hashes have their lengths and the numbers are safe integers: a bug of the caller. */
export function checkIntent(intent: Intent): void {
  if (intent.serial.length !== SERIAL_BYTES) throw new TypeError('a serial has 16 bytes')
  if (intent.spkiSha256.length !== HASH_BYTES || intent.csrSha256.length !== HASH_BYTES) {
    throw new TypeError('a SHA-256 has 32 bytes')
  }
  const { notBefore, notAfter, issuedAt, bundleSequence } = intent
  const whole = Number.isSafeInteger(notBefore) && Number.isSafeInteger(notAfter) && Number.isSafeInteger(issuedAt)
  if (!whole || !Number.isSafeInteger(bundleSequence)) throw new TypeError('times and sequences are safe integers')
}

/** Intents, each passed by `checkIntent`, as columns. */
export function toColumns(intents: readonly Intent[]): IntentColumns {
  const strings: string[] = []
  const numbers = new Float64Array(intents.length * NUMBERS)
  const bytes = new Uint8Array(intents.length * BYTES)
  let n = 0
  let b = 0
  for (const intent of intents) {
    const spend = intent.spend
    strings.push(intent.identity, intent.attestor, intent.subject, intent.authority, intent.peer)
    strings.push(spend === undefined ? '' : spend.kind === 'jwt' ? spend.hash.toString('hex') : spend.id)
    numbers[n++] = intent.notBefore
    numbers[n++] = intent.notAfter
    numbers[n++] = intent.issuedAt
    numbers[n++] = intent.bundleSequence
    numbers[n++] = spend === undefined ? 0 : spend.kind === 'jwt' ? 2 : 1
    numbers[n++] = spend?.kind === 'jwt' ? spend.expiresAt : 0
    bytes.set(intent.serial, b)
    bytes.set(intent.spkiSha256, b + SERIAL_BYTES)
    bytes.set(intent.csrSha256, b + SERIAL_BYTES + HASH_BYTES)
    b += BYTES
  }
  return { count: intents.length, strings, numbers, bytes }
}

/** The intent at `index`; serial and hashes are views. */
export function intentAt(columns: IntentColumns, index: number): IntentValues {
  const { strings, numbers, bytes } = columns
  const s = index * STRINGS
  const n = index * NUMBERS
  const b = index * BYTES
  const spendKind = number(numbers, n + 4)
  return {
    serial: bytes.subarray(b, b + SERIAL_BYTES),
    spkiSha256: bytes.subarray(b + SERIAL_BYTES, b + SERIAL_BYTES + HASH_BYTES),
    csrSha256: bytes.subarray(b + SERIAL_BYTES + HASH_BYTES, b + BYTES),
    identity: string(strings, s),
    attestor: string(strings, s + 1),
    subject: string(strings, s + 2),
    authority: string(strings, s + 3),
    peer: string(strings, s + 4),
    notBefore: number(numbers, n),
    notAfter: number(numbers, n + 1),
    issuedAt: number(numbers, n + 2),
    bundleSequence: number(numbers, n + 3),
    spend:
      spendKind === 0
        ? null
        : {
            kind: spendKind === 2 ? 'jwt' : 'join-token',
            key: string(strings, s + 5),
            expiresAt: number(numbers, n + 5),
          },
  }
}

function string(strings: readonly string[], at: number): string {
  const found = strings[at]
  if (found === undefined) throw new RangeError('an intent outside of its group')
  return found
}

function number(numbers: Float64Array, at: number): number {
  const found = numbers[at]
  if (found === undefined) throw new RangeError('an intent outside of its group')
  return found
}
