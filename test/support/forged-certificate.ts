import { createHash, createPublicKey, type webcrypto } from 'node:crypto'
import type { TrustedIssuer, TrustedIssuers } from '../../src/identity/attest-client-certificate.ts'
import { x509 } from '../../src/pki/x509.ts'

const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags
const { clientAuth, serverAuth } = x509.ExtendedKeyUsage

/** What a certificate is to say; by default a good leaf of `spiffe://cluster.local/ns/default/sa/web`. */
export interface ForgedFields {
  readonly uris?: readonly string[]
  readonly dns?: readonly string[]
  readonly isCa?: boolean
  readonly keyUsage?: number
  readonly extendedKeyUsage?: readonly string[]
  /** Unix seconds. */
  readonly notBefore?: number
  readonly notAfter?: number
  readonly issuerName?: string
  readonly extra?: readonly x509.Extension[]
}

/** An authority that signs anything; as a port it can be replaced by another, or retired. */
export class ForgingAuthority implements TrustedIssuers {
  version = 1
  trusted = true
  readonly #keys: CryptoKeyPair
  readonly #id: string
  readonly #issuer: TrustedIssuer
  readonly #now: number

  private constructor(keys: CryptoKeyPair, spki: Buffer, now: number) {
    this.#keys = keys
    this.#now = now
    this.#id = createHash('sha256').update(spki).digest('hex').slice(0, 40)
    this.#issuer = {
      publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
      notAfter: now + 30 * 86_400,
      subject: Buffer.from(new x509.Name(ISSUER).toArrayBuffer()),
    }
  }

  /** `now` in Unix seconds. */
  static async create(now: number): Promise<ForgingAuthority> {
    const keys = await generateKeys()
    return new ForgingAuthority(keys, await spkiOf(keys), now)
  }

  find(authorityKeyId: string): TrustedIssuer | null {
    return this.trusted && authorityKeyId === this.#id ? this.#issuer : null
  }

  /** DER of a certificate signed by this authority, or by `signer` in its name. */
  async issue(fields: ForgedFields = {}, signer: ForgingAuthority = this): Promise<Buffer> {
    const keys = await generateKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: '7f00000000000000000000000000abcd',
      subject: '',
      issuer: fields.issuerName ?? ISSUER,
      notBefore: new Date((fields.notBefore ?? this.#now - 60) * 1000),
      notAfter: new Date((fields.notAfter ?? this.#now + 3600) * 1000),
      publicKey: keys.publicKey,
      signingKey: signer.#keys.privateKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: this.#extensions(fields),
    })
    return Buffer.from(certificate.rawData)
  }

  #extensions(fields: ForgedFields): x509.Extension[] {
    const uris = fields.uris ?? ['spiffe://cluster.local/ns/default/sa/web']
    const names = [
      ...uris.map((value) => ({ type: 'url' as const, value })),
      ...(fields.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ]
    return [
      new x509.BasicConstraintsExtension(fields.isCa ?? false, undefined, true),
      new x509.KeyUsagesExtension(fields.keyUsage ?? digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...(fields.extendedKeyUsage ?? [serverAuth, clientAuth])]),
      new x509.AuthorityKeyIdentifierExtension(this.#id),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, true)]),
      ...(fields.extra ?? []),
    ]
  }
}

const ISSUER = 'O=cluster.local, CN=Forging authority'

export const KEY_CERT_SIGN = digitalSignature | keyCertSign
export const CRL_SIGN = digitalSignature | cRLSign
export const SERVER_ONLY: readonly string[] = [serverAuth]

type CryptoKeyPair = webcrypto.CryptoKeyPair

async function generateKeys(): Promise<CryptoKeyPair> {
  const keys = await x509.cryptoProvider
    .get()
    .subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  return keys as CryptoKeyPair
}

async function spkiOf(keys: CryptoKeyPair): Promise<Buffer> {
  return Buffer.from(await x509.cryptoProvider.get().subtle.exportKey('spki', keys.publicKey))
}
