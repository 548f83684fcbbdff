import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Handle, Template } from 'pkcs11js'
import { StartupError } from '../../kernel/startup-error.ts'
import { keyId } from '../build-certificate.ts'
import type { KeyType } from '../key-types.ts'
import * as CK from './constants.ts'
import { KEY_PLANS, toSpki } from './key-plans.ts'
import type { TokenSession } from './token-session.ts'

/** A key of this service in the token: its id is the subject key identifier of its public key, and the CKA_ID of both objects. */
export interface TokenKey {
  readonly id: string
  readonly publicKey: KeyObject
}

/** What every private key has; checked again wherever one is found, as not every token heeds what it is told. */
const NEVER_LEAVES: readonly { readonly type: number; readonly value: boolean }[] = [
  { type: CK.CKA_SENSITIVE, value: true },
  { type: CK.CKA_EXTRACTABLE, value: false },
]

/** Generates a key pair in the token; nothing of it stays there where the token does not keep it as it is told. */
export async function generateTokenKey(session: TokenSession, keyType: KeyType): Promise<TokenKey> {
  const { cryptoki, handle } = session
  const { generate, wanted } = KEY_PLANS[keyType]
  const label = { type: CK.CKA_LABEL, value: 'alcazar: being made' }
  const { publicKey, privateKey } = await cryptoki.C_GenerateKeyPairAsync(
    handle,
    { mechanism: generate },
    [{ type: CK.CKA_TOKEN, value: true }, { type: CK.CKA_VERIFY, value: true }, label, ...wanted],
    [
      { type: CK.CKA_TOKEN, value: true },
      { type: CK.CKA_PRIVATE, value: true },
      { type: CK.CKA_SIGN, value: true },
      label,
      ...NEVER_LEAVES,
    ],
  )
  try {
    const key = readPublicKey(session, publicKey, keyType)
    refuseMovable(session, privateKey, key.id)
    for (const object of [publicKey, privateKey]) cryptoki.C_SetAttributeValue(handle, object, namesOf(key.id)) // named last: what has its name is whole
    return key
  } catch (error) {
    for (const object of [privateKey, publicKey]) cryptoki.C_DestroyObject(handle, object)
    throw error
  }
}

/** The private key of an authority, or null; `key.unusable` where there are several, or where it could leave the token. */
export function findPrivateKey(session: TokenSession, id: string): Handle | null {
  const found = findObject(session, CK.CKO_PRIVATE_KEY, id)
  if (found !== null) refuseMovable(session, found, id)
  return found
}

/** The public key of an authority; `key.unusable` where it is not there, or is another than its name says. */
export function findPublicKey(session: TokenSession, id: string, keyType: KeyType): TokenKey {
  const found = findObject(session, CK.CKO_PUBLIC_KEY, id)
  if (found === null) throw unusable(id, 'has no public key object in the token')
  const key = readPublicKey(session, found, keyType)
  if (key.id !== id) throw unusable(id, `has another public key in the token: that of ${key.id}`)
  return key
}

/** Removes a key from the token, the private object last: as long as that is there, the rest is not lost sight of. */
export function destroyTokenKey(session: TokenSession, id: string): void {
  for (const objectClass of [CK.CKO_PUBLIC_KEY, CK.CKO_PRIVATE_KEY]) {
    const found = findObject(session, objectClass, id)
    if (found !== null) session.cryptoki.C_DestroyObject(session.handle, found)
  }
}

function findObject({ cryptoki, handle }: TokenSession, objectClass: number, id: string): Handle | null {
  const template = [
    { type: CK.CKA_CLASS, value: objectClass },
    { type: CK.CKA_ID, value: Buffer.from(id, 'hex') },
  ]
  cryptoki.C_FindObjectsInit(handle, template)
  try {
    const [found, other] = cryptoki.C_FindObjects(handle, 2)
    if (other !== undefined) throw unusable(id, 'is in the token several times: remove what is too much')
    return found ?? null
  } finally {
    cryptoki.C_FindObjectsFinal(handle)
  }
}

function readPublicKey(session: TokenSession, object: Handle, keyType: KeyType): TokenKey {
  const { kind, publicParts } = KEY_PLANS[keyType]
  const { cryptoki, handle } = session
  const template = [CK.CKA_KEY_TYPE, ...publicParts].map((type) => ({ type }))
  const [kindFound, ...parts] = cryptoki.C_GetAttributeValue(handle, object, template).map(({ value }) => value)
  if (kindFound?.readUInt8() !== kind)
    throw new StartupError('key.unusable', `a key in the token is not of type ${keyType}`)
  const publicKey = createPublicKey({ key: toSpki(keyType, parts), format: 'der', type: 'spki' })
  return { id: keyId(publicKey.export({ type: 'spki', format: 'der' })), publicKey }
}

function refuseMovable({ cryptoki, handle }: TokenSession, object: Handle, id: string): void {
  const template: Template = NEVER_LEAVES.map(({ type }) => ({ type }))
  const values = cryptoki.C_GetAttributeValue(handle, object, template).map(({ value }) => value[0] === 1)
  if (NEVER_LEAVES.every(({ value }, index) => values[index] === value)) return
  throw unusable(id, 'could leave the token: it has to be sensitive and not extractable')
}

/** CKA_ID and CKA_LABEL, by which people find it with `pkcs11-tool`. */
function namesOf(id: string): Template {
  return [
    { type: CK.CKA_ID, value: Buffer.from(id, 'hex') },
    { type: CK.CKA_LABEL, value: `alcazar ${id}` },
  ]
}

function unusable(id: string, why: string): StartupError {
  return new StartupError('key.unusable', `the key of authority ${id} ${why}`)
}
