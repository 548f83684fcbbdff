import type { KeyObject } from 'node:crypto'
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
  /** The signature over `data`, as it stands in a certificate: DER for ECDSA. */
  sign(data: Buffer): Buffer | Promise<Buffer>
}
