import { AppError } from '../../kernel/errors.ts'
import { KEY_TYPES, type KeyType } from '../key-types.ts'
import { KeyGoneError, type Signer } from '../signer.ts'
import { type Cryptoki, loadCryptoki } from './cryptoki.ts'
import { KEY_PLANS } from './key-plans.ts'
import { destroyTokenKey, findPrivateKey, findPublicKey, generateTokenKey } from './token-keys.ts'
import { TokenLink, type TokenLinkOptions } from './token-link.ts'
import { toTokenSigner } from './token-signer.ts'

/** RSA of 4096 bits takes some tokens a minute. */
const GENERATE_MS = 180_000

/** Loads the PKCS #11 module, finds the token and logs in; throws `pkcs11.*`. */
export async function openPkcs11KeyProvider({
  module,
  ...options
}: Omit<TokenLinkOptions, 'cryptoki'> & { readonly module: string }) {
  return providerOf({ ...options, cryptoki: await loadCryptoki(module) })
}

/** Authority keys that are made in the token and never leave it; the last of them are found by their CKA_ID. */
export function providerOf(options: TokenLinkOptions & { readonly cryptoki: Cryptoki }) {
  const link = new TokenLink(options)
  return {
    async create(keyType: KeyType): Promise<{ readonly id: string; readonly signer: Signer }> {
      refuseUnknown(link, keyType)
      const key = await link.run((session) => generateTokenKey(session, keyType), GENERATE_MS)
      return { id: key.id, signer: toTokenSigner(link, key, keyType) }
    },
    /** What was made elsewhere may have left copies there. */
    adopt: null,
    has: (id: string): Promise<boolean> => link.run(async (session) => findPrivateKey(session, id) !== null),
    async load(id: string, keyType: KeyType): Promise<Signer> {
      const key = await link.run(async (session) => {
        if (findPrivateKey(session, id) !== null) return findPublicKey(session, id, keyType)
        throw new KeyGoneError(
          `the key of authority ${id} is not in the token \`${options.tokenLabel}\`: use the one that has it, or rotate, as after a restore from before its rotation`,
        )
      })
      return toTokenSigner(link, key, keyType)
    },
    discard: (id: string): Promise<void> => link.run(async (session) => destroyTokenKey(session, id)),
    /** In words, why nothing can be signed; null: nothing is known. */
    problem: () => link.problem,
    /** Whether nothing can be signed at the moment. */
    isDown: () => link.isDown,
    close: () => link.close(),
  }
}

/** `key.type_unsupported`, with the types that the token can make and use. */
function refuseUnknown(link: TokenLink, keyType: KeyType): void {
  const isKnown = (one: KeyType) => link.can(KEY_PLANS[one].generate) && link.can(KEY_PLANS[one].sign)
  if (isKnown(keyType)) return
  const wanted = KEY_TYPES.filter(isKnown).join(', ')
  throw new AppError('key.type_unsupported', `the token makes no keys of type ${keyType}: use one of ${wanted}`, {
    wanted,
    seen: keyType,
  })
}
