import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Attribute, Handle, KeyPair, Mechanism, SessionInfo, Template, TokenInfo } from 'pkcs11js'
import * as CK from '../../src/pki/pkcs11/constants.ts'
import type { Cryptoki } from '../../src/pki/pkcs11/cryptoki.ts'
import { signHash } from './sign-hash.ts'

/** What can be made to fail. */
export type TokenCall =
  | 'C_GetSessionInfo'
  | 'C_Login'
  | 'C_OpenSession'
  | 'C_SignInit'
  | 'C_SignAsync'
  | 'C_SetAttributeValue'
  | 'C_DestroyObject'
  | 'C_Finalize'
  | 'C_Initialize'

interface TokenObject {
  readonly attributes: Map<number, Attribute['value']>
  readonly key: KeyObject
}

const ALL = [CK.CKM_RSA_PKCS_KEY_PAIR_GEN, CK.CKM_SHA256_RSA_PKCS, CK.CKM_EC_KEY_PAIR_GEN, CK.CKM_ECDSA]
const P256 = '06082a8648ce3d030107'

/** A token in memory that does what PKCS #11 says, and fails when it is told to. */
export class FakeToken implements Cryptoki {
  /** Labels of the tokens, one in each slot. */
  labels = ['alcazar']
  mechanisms = [...ALL, CK.CKM_EC_EDWARDS_KEY_PAIR_GEN, CK.CKM_EDDSA]
  pin = '1234'
  /** Whether it heeds CKA_EXTRACTABLE. */
  isExtractable = false
  readonly objects = new Map<string, TokenObject>()
  readonly sessions = new Set<string>()
  logins = 0
  isFinalized = false
  /** As some modules do: what was away is found only by one that begins anew. */
  isBlindUntilRestart = false
  restarts = 0
  /** Return values that the next calls give; with `CKR_OK` that call does its work. */
  readonly failures: [TokenCall, string][] = []
  /** Signatures wait for it. */
  gate: Promise<void> = Promise.resolve()
  /** Most signatures that were made at the same time. */
  mostAtOnce = 0
  #atOnce = 0
  #isLoggedIn = false
  #next = 1
  readonly #signing = new Map<string, KeyObject>()
  #found: Handle[] = []

  /** The login and all sessions are gone, as when the token was pulled out. */
  forget(): void {
    this.sessions.clear()
    this.#isLoggedIn = false
  }

  C_Finalize(): void {
    this.#fail('C_Finalize')
    if (this.isFinalized) throw new Error('CKR_CRYPTOKI_NOT_INITIALIZED')
    this.isFinalized = true
  }

  C_Initialize(): void {
    this.#fail('C_Initialize')
    if (!this.isFinalized) throw new Error('CKR_CRYPTOKI_ALREADY_INITIALIZED')
    this.isFinalized = false
    this.isBlindUntilRestart = false
    this.restarts++
    this.forget()
  }

  C_GetSlotList(): Handle[] {
    if (this.isBlindUntilRestart) throw new Error('CKR_GENERAL_ERROR')
    return this.labels.map((_label, index) => this.#handle(index))
  }

  C_GetTokenInfo(slot: Handle): TokenInfo {
    const label = (this.labels[slot.readUInt32LE()] ?? '').padEnd(32)
    return { label, flags: label.trim() === '' ? 0 : CK.CKF_TOKEN_INITIALIZED } as TokenInfo
  }

  C_GetMechanismList(): number[] {
    return this.mechanisms
  }

  C_OpenSession(): Handle {
    this.#fail('C_OpenSession')
    const session = this.#handle(this.#next++)
    this.sessions.add(session.toString('hex'))
    return session
  }

  C_CloseSession(session: Handle): void {
    this.#demand(session)
    this.sessions.delete(session.toString('hex'))
  }

  C_GetSessionInfo(session: Handle): SessionInfo {
    this.#fail('C_GetSessionInfo')
    this.#demand(session)
    return {} as SessionInfo
  }

  C_Login(_session: Handle, _user: number, pin: string): void {
    this.logins++
    this.#fail('C_Login')
    if (this.#isLoggedIn) throw new Error('CKR_USER_ALREADY_LOGGED_IN')
    if (pin !== this.pin) throw new Error('CKR_PIN_INCORRECT')
    this.#isLoggedIn = true
  }

  C_FindObjectsInit(session: Handle, template: Template): void {
    this.#demand(session)
    if (!this.#isLoggedIn) throw new Error('CKR_USER_NOT_LOGGED_IN')
    const fits = ({ attributes }: TokenObject) =>
      template.every(({ type, value }) => Buffer.compare(toBytes(attributes.get(type)), toBytes(value)) === 0)
    this.#found = [...this.objects].filter(([, object]) => fits(object)).map(([name]) => Buffer.from(name, 'hex'))
  }

  C_FindObjects(session: Handle): Handle | null
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjects(_session: Handle, most?: number): Handle | null | Handle[] {
    return most === undefined ? (this.#found[0] ?? null) : this.#found.slice(0, most)
  }

  C_FindObjectsFinal(): void {
    this.#found = []
  }

  C_GetAttributeValue(_session: Handle, object: Handle, template: Template) {
    const { attributes } = this.#object(object)
    return template.map(({ type }) => ({ type, value: toBytes(attributes.get(type)) }))
  }

  C_SetAttributeValue(_session: Handle, object: Handle, template: Template): void {
    this.#fail('C_SetAttributeValue')
    for (const { type, value } of template) this.#object(object).attributes.set(type, value)
  }

  C_DestroyObject(_session: Handle, object: Handle): void {
    this.#fail('C_DestroyObject')
    this.objects.delete(object.toString('hex'))
  }

  async C_GenerateKeyPairAsync(
    session: Handle,
    { mechanism }: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): Promise<KeyPair> {
    this.#demand(session)
    const key = generate(mechanism, publicTemplate)
    const isMade = [CK.CKA_EXTRACTABLE, this.isExtractable] as const
    return {
      publicKey: this.#store(key, [
        ...publicTemplate.map(toPair),
        ...publicParts(key),
        [CK.CKA_CLASS, CK.CKO_PUBLIC_KEY],
      ]),
      privateKey: this.#store(key, [...privateTemplate.map(toPair), isMade, [CK.CKA_CLASS, CK.CKO_PRIVATE_KEY]]),
    }
  }

  C_SignInit(session: Handle, _mechanism: Mechanism, key: Handle): void {
    this.#fail('C_SignInit')
    this.#demand(session)
    this.#signing.set(session.toString('hex'), this.#object(key).key)
  }

  async C_SignAsync(session: Handle, input: Buffer, output: Buffer): Promise<Buffer> {
    const key = this.#signing.get(session.toString('hex'))
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    await this.gate
    this.#atOnce--
    this.#fail('C_SignAsync')
    this.#demand(session)
    if (key === undefined) throw new Error('CKR_OPERATION_NOT_INITIALIZED')
    return output.subarray(0, signWith(key, input).copy(output))
  }

  #fail(call: TokenCall): void {
    const index = this.failures.findIndex(([name]) => name === call)
    const [failure] = index === -1 ? [] : this.failures.splice(index, 1)
    if (failure !== undefined && failure[1] !== 'CKR_OK') throw new Error(failure[1])
  }

  #demand(session: Handle): void {
    if (!this.sessions.has(session.toString('hex'))) throw new Error('CKR_SESSION_HANDLE_INVALID')
  }

  #object(handle: Handle): TokenObject {
    const object = this.objects.get(handle.toString('hex'))
    if (object === undefined) throw new Error('CKR_OBJECT_HANDLE_INVALID')
    return object
  }

  #store(key: KeyObject, attributes: readonly (readonly [number, Attribute['value']])[]): Handle {
    const handle = this.#handle(this.#next++)
    this.objects.set(handle.toString('hex'), { key, attributes: new Map(attributes) })
    return handle
  }

  #handle(value: number): Handle {
    const handle = Buffer.alloc(8)
    handle.writeUInt32LE(value)
    return handle
  }
}

function toPair({ type, value }: Attribute): readonly [number, Attribute['value']] {
  return [type, value]
}

function toBytes(value: Attribute['value']): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'string') return Buffer.from(value)
  return Buffer.from([Number(value ?? 0)])
}

function generate(mechanism: number, template: Template): KeyObject {
  const wanted = new Map(template.map(toPair))
  if (mechanism === CK.CKM_RSA_PKCS_KEY_PAIR_GEN)
    return generateKeyPairSync('rsa', { modulusLength: Number(wanted.get(CK.CKA_MODULUS_BITS)) }).privateKey
  if (mechanism === CK.CKM_EC_EDWARDS_KEY_PAIR_GEN) return generateKeyPairSync('ed25519').privateKey
  const namedCurve = toBytes(wanted.get(CK.CKA_EC_PARAMS)).toString('hex') === P256 ? 'P-256' : 'P-384'
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

function publicParts(key: KeyObject): readonly (readonly [number, Attribute['value']])[] {
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
  if (jwk.kty === 'RSA')
    return [
      [CK.CKA_KEY_TYPE, CK.CKK_RSA],
      [CK.CKA_MODULUS, bytes(jwk.n)],
      [CK.CKA_PUBLIC_EXPONENT, bytes(jwk.e)],
    ]
  const isEdwards = jwk.kty === 'OKP'
  const point = isEdwards ? bytes(jwk.x) : Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)])
  return [
    [CK.CKA_KEY_TYPE, isEdwards ? CK.CKK_EC_EDWARDS : CK.CKK_EC],
    [CK.CKA_EC_POINT, Buffer.concat([Buffer.from([0x04, point.length]), point])],
  ]
}

function signWith(key: KeyObject, input: Buffer): Buffer {
  if (key.asymmetricKeyType === 'rsa') return sign('sha256', input, key)
  return key.asymmetricKeyType === 'ed25519' ? sign(null, input, key) : signHash(key, input)
}
