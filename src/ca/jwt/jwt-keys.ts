import { createHash } from 'node:crypto'
import type { UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { isJwtKeyType, type JwtKeyType } from '../../pki/jws.ts'
import type { Signer } from '../../pki/signer.ts'
import type { Authority } from '../authority.ts'
import { remedyOf } from '../rotation/remedy.ts'
import { type PublishedKey, publishedKeysOf } from './published-keys.ts'

/** The key that signs now. */
export interface SigningKey {
  readonly kid: string
  readonly keyType: JwtKeyType
  readonly signer: Signer
  readonly notAfter: UnixSeconds
  readonly spkiSha256: Buffer
}

/** The keys of JWT-SVIDs: the one that signs, and those that tokens are verified with. */
export interface JwtKeys {
  /** Rejects with `issue.no_active_authority` when there is no active key that is valid now. */
  signing(now: UnixSeconds): Promise<SigningKey>
  /** The same object until the authorities change. */
  published(): readonly PublishedKey[]
  /** Of the bundle that holds the published keys. */
  readonly sequence: number
}

/** What is asked of the authorities. */
export interface JwtKeySource {
  /** A new list whenever one of them changes. */
  readonly authorities: () => readonly Authority[]
  readonly sequence: () => number
  /** Rejects when the key is gone or must not be used. */
  readonly signerOf: (authority: Authority) => Promise<Signer>
}

/** The JWT keys among the authorities; a private key is loaded once, when it first signs. */
export function jwtKeysOf({ authorities, sequence, signerOf }: JwtKeySource): JwtKeys {
  let seen: { readonly from: readonly Authority[]; readonly keys: readonly PublishedKey[] } | null = null
  let loaded: { readonly id: string; readonly key: Promise<SigningKey> } | null = null
  return {
    async signing(now) {
      const authority = activeAt(authorities(), now)
      if (loaded?.id !== authority.id) {
        const key = load(authority, signerOf)
        loaded = { id: authority.id, key }
        key.catch(() => {
          if (loaded?.key === key) loaded = null // the next request tries again
        })
      }
      return loaded.key
    },
    published() {
      const from = authorities()
      if (seen?.from !== from) seen = { from, keys: publishedKeysOf(from) }
      return seen.keys
    },
    get sequence() {
      return sequence()
    },
  }
}

function activeAt(authorities: readonly Authority[], now: UnixSeconds): Authority {
  const active = authorities.find(({ kind, state }) => kind === 'jwt' && state === 'active')
  if (active === undefined) throw noKey('there is no active JWT key: an administrator has to rotate it')
  if (now < active.notBefore) {
    const view = { authorities, rotations: [], bundleSequence: 0 }
    throw noKey(`the active JWT key is not valid yet; ${remedyOf(view, active, now)}`)
  }
  if (now >= active.notAfter) throw noKey('the active JWT key has expired: an administrator has to rotate it')
  return active
}

async function load(authority: Authority, signerOf: JwtKeySource['signerOf']): Promise<SigningKey> {
  const { id: kid, keyType, notAfter } = authority
  if (!isJwtKeyType(keyType)) throw new TypeError(`a key of type ${keyType} signs no JWT`)
  const signer = await signerOf(authority)
  const spki = signer.publicKey.export({ type: 'spki', format: 'der' })
  return { kid, keyType, signer, notAfter, spkiSha256: createHash('sha256').update(spki).digest() }
}

function noKey(why: string): AppError {
  return new AppError('issue.no_active_authority', `${why}; try again later`, { retryAfterSeconds: 60 })
}
