import type { KeyType } from '../pki/key-types.ts'
import type { Signer } from '../pki/signer.ts'

/** Where authority keys live: files, a PKCS #11 token, or a remote service behind the same port. */
export interface KeyProvider {
  /** A new key, durable before the promise resolves; its id is the subject key identifier of its public key. */
  create(keyType: KeyType): Promise<{ readonly id: string; readonly signer: Signer }>
  /**
   * Takes over a key that was made elsewhere (DER of its PKCS#8), durable before the promise resolves; again with the same
   * key changes nothing. Null where every key has to be made in its place.
   */
  readonly adopt:
    | ((pkcs8: Buffer, keyType: KeyType) => Promise<{ readonly id: string; readonly signer: Signer }>)
    | null
  /** Whether the key is here at all; a root's may be kept elsewhere until it has to sign. */
  has(id: string): Promise<boolean>
  /** The key of an authority; rejects when it is gone or must not be used. */
  load(id: string, keyType: KeyType): Promise<Signer>
  /** Removes a key that nothing needs to sign any more; nothing where it is not there. */
  discard(id: string): Promise<void>
}
