import { createHash, verify } from 'node:crypto'
import type { Handle } from 'pkcs11js'
import { type KeyType, signatureOf } from '../key-types.ts'
import type { Signer } from '../signer.ts'
import { KEY_PLANS } from './key-plans.ts'
import { TokenFault } from './token-error.ts'
import { findPrivateKey, type TokenKey } from './token-keys.ts'
import type { TokenLink } from './token-link.ts'
import type { Login, TokenSession } from './token-session.ts'

/**
 * A signer whose key is in the token; rejects with `key.unavailable` while the token does not sign. Nothing leaves that does
 * not verify: a token may fail, and a fault in a signature may tell of the key.
 */
export function toTokenSigner(link: TokenLink, { id, publicKey }: TokenKey, keyType: KeyType): Signer {
  const { algorithm, hash } = signatureOf(keyType)
  const { signs, toSignature } = KEY_PLANS[keyType]
  let found: { readonly login: Login; readonly key: Handle } | null = null
  const keyIn = (session: TokenSession) => {
    if (found?.login !== session.login) found = { login: session.login, key: demandKey(session, id) }
    return found.key
  }
  return {
    keyType,
    publicKey,
    algorithm,
    demandReady: () => link.demandReady(),
    sign: (data) =>
      link.run(async (session) => {
        const input = signs === 'hash' && hash !== null ? createHash(hash).update(data).digest() : data
        const signature = toSignature(await signIn(session, { key: keyIn(session), keyType, input }))
        if (verify(hash, data, publicKey, signature)) return signature
        throw new TokenFault(`it gave a signature that the public key of authority ${id} does not verify`)
      }),
  }
}

/** The addon does not hold the bytes that its thread reads and writes: they must not be collected before it has ended. */
const inUse = new Set<{ readonly input: Buffer; readonly output: Buffer }>()

async function signIn(
  { cryptoki, handle }: TokenSession,
  { key, keyType, input }: { readonly key: Handle; readonly keyType: KeyType; readonly input: Buffer },
): Promise<Buffer> {
  const { sign: mechanism, signatureBytes } = KEY_PLANS[keyType]
  const bytes = { input, output: Buffer.alloc(signatureBytes) }
  inUse.add(bytes)
  try {
    cryptoki.C_SignInit(handle, { mechanism }, key)
    return await cryptoki.C_SignAsync(handle, input, bytes.output)
  } finally {
    inUse.delete(bytes)
  }
}

function demandKey(session: TokenSession, id: string): Handle {
  const key = findPrivateKey(session, id)
  if (key === null) throw new TokenFault(`the key of authority ${id} is not in it any more`)
  return key
}
