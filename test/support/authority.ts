import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { createIntermediate, createRoot, type KeyedAuthority } from '../../src/ca/create-authority.ts'
import { buildIssuingAuthority, type IssuingAuthority } from '../../src/ca/issue/issuing-authority.ts'
import type { KeyProvider } from '../../src/ca/key-provider.ts'
import { keyId } from '../../src/pki/build-certificate.ts'
import { generateKey, toSigner } from '../../src/pki/file-keys.ts'
import type { KeyType } from '../../src/pki/key-types.ts'
import type { Signer } from '../../src/pki/signer.ts'

/** Keys that live in a map. */
export function memoryKeys(): KeyProvider {
  const keys = new Map<string, Signer>()
  const store = (key: KeyObject, keyType: KeyType) => {
    const signer = toSigner(key, keyType)
    const id = keyId(signer.publicKey.export({ type: 'spki', format: 'der' }))
    keys.set(id, signer)
    return { id, signer }
  }
  return {
    create: async (keyType) => store(generateKey(keyType), keyType),
    adopt: async (pkcs8, keyType) => store(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }), keyType),
    has: async (id) => keys.has(id),
    async load(id) {
      const signer = keys.get(id)
      if (signer === undefined) throw new Error(`no key ${id}`)
      return signer
    },
    discard: async (id) => void keys.delete(id),
  }
}

export interface TestAuthorities {
  readonly root: KeyedAuthority
  readonly intermediate: KeyedAuthority
  readonly issuing: IssuingAuthority
}

/** A root and an intermediate of `keyType`, created at `now` (Unix milliseconds). */
export async function testAuthorities(
  keyType: KeyType,
  now: number,
  trustDomain = 'cluster.local',
): Promise<TestAuthorities> {
  const deps = { keys: memoryKeys(), random: (size: number) => randomBytes(size) }
  const root = await createRoot(deps, { state: 'active', trustDomain, keyType, ttlSeconds: 5 * 365 * 86400, now })
  const intermediate = await createIntermediate(
    deps,
    { state: 'active', trustDomain, keyType, ttlSeconds: 30 * 86400, now },
    root,
  )
  const issuing = buildIssuingAuthority(intermediate, {
    authority: intermediate.authority.id,
    intermediates: [intermediate.authority.certificate],
    roots: [root.authority.certificate],
    bundleSequence: 1,
  })
  return { root, intermediate, issuing }
}
