import type { KeyObject } from 'node:crypto'
import { StartupError } from '../kernel/startup-error.ts'
import type { KeyType } from './key-types.ts'

/**
 * A private key that signs, wherever it lives: a file, a PKCS #11 token, or a remote service behind the same port.
 * A signer whose key is in this process answers at once; others answer with a promise.
 */
export interface Signer {
  readonly keyType: KeyType
  readonly publicKey: KeyObject
  /** DER of the AlgorithmIdentifier of its signatures (RFC 5280 §4.1.1.2). */
  readonly algorithm: Buffer
  /** Throws `key.unavailable` where it is known that nothing can be signed now; absent: the key is always there. */
  demandReady?(): void
  /** The signature over `data`, as it stands in a certificate: DER for ECDSA. */
  sign(data: Buffer): Buffer | Promise<Buffer>
}

/** Thrown for a key that was destroyed where it lived, so that no file brings it back: it ends no start. */
export class KeyGoneError extends StartupError {
  constructor(message: string) {
    super('key.unusable', message)
  }
}
