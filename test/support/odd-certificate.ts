import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { oid, sequence, TAG, tlv } from '../../src/pki/der-writer.ts'
import { bitString, ECDSA_SHA256, extension, generalName, nameOf, P256_KEY } from './csr-builder.ts'

/** What a certificate is to say, nonsense included; every default is that of a good leaf or, with `ca`, a good authority. */
export interface OddCertificate {
  /** The name of the subject: empty for a leaf, `O=<name>` for an authority. */
  readonly name?: string
  readonly ca?: boolean
  readonly key?: KeyObject
  readonly spki?: Buffer
  readonly issuer?: { readonly name: string; readonly key: KeyObject }
  readonly serial?: Buffer
  /** Unix seconds. */
  readonly notBefore?: number
  readonly notAfter?: number
  readonly uris?: readonly string[]
  readonly namesCritical?: boolean
  /** DER of the extension, null to leave it out. */
  readonly keyUsage?: Buffer | null
  readonly extendedKeyUsage?: Buffer | null
  readonly basicConstraints?: Buffer | null
  readonly extra?: readonly Buffer[]
  readonly signatureAlgorithm?: Buffer
  readonly hash?: string
  /** Without extensions, as X.509 was in 1988. */
  readonly version1?: boolean
}

/** 2026-11-21T03:00:00Z, Unix seconds: the now of these tests. */
export const ODD_NOW = 1_795_230_000
export const ISSUER_KEY: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const ISSUER = { name: 'Odd root', key: ISSUER_KEY }

const PURPOSES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']

/** The keyUsage extension of these bits, 0x80 being digitalSignature. */
export function keyUsage(bits: number, critical = true): Buffer {
  return extension('2.5.29.15', tlv(TAG.bitString, Buffer.from([unusedBits(bits), bits])), critical)
}

export function extendedKeyUsage(...purposes: readonly string[]): Buffer {
  return extension('2.5.29.37', sequence(...purposes.map(oid)))
}

export function basicConstraints(isCa: boolean, pathLength?: number, critical = true): Buffer {
  const flag = isCa ? [tlv(TAG.boolean, Buffer.from([0xff]))] : []
  const length = pathLength === undefined ? [] : [tlv(TAG.integer, Buffer.from([pathLength]))]
  return extension('2.5.29.19', sequence(...flag, ...length), critical)
}

/** DER of a certificate as told. */
export function buildOddCertificate(spec: OddCertificate = {}): Buffer {
  const issuer = spec.issuer ?? ISSUER
  const algorithm = spec.signatureAlgorithm ?? ECDSA_SHA256
  const version = spec.version1 === true ? [] : [tlv(0xa0, tlv(TAG.integer, Buffer.from([2])))]
  const extensions = spec.version1 === true ? [] : [tlv(0xa3, sequence(...extensionsOf(spec)))]
  const tbs = sequence(
    ...version,
    tlv(TAG.integer, spec.serial ?? Buffer.from('7f00000000000000000000000000abcd', 'hex')),
    algorithm,
    nameOf('2.5.4.10', issuer.name),
    sequence(time(spec.notBefore ?? ODD_NOW - 120), time(spec.notAfter ?? ODD_NOW + 3600)),
    spec.name === undefined ? sequence() : nameOf('2.5.4.10', spec.name),
    spec.spki ?? createPublicKey(spec.key ?? P256_KEY).export({ type: 'spki', format: 'der' }),
    ...extensions,
  )
  return sequence(tbs, algorithm, bitString(sign(spec.hash ?? 'sha256', tbs, issuer.key)))
}

function extensionsOf(spec: OddCertificate): Buffer[] {
  const ca = spec.ca === true
  const uris = spec.uris ?? [ca ? 'spiffe://cluster.local' : 'spiffe://cluster.local/ns/default/sa/web']
  const names = uris.map((uri) => generalName(0x86, uri))
  const given = [
    spec.basicConstraints === undefined ? basicConstraints(ca) : spec.basicConstraints,
    spec.keyUsage === undefined ? keyUsage(ca ? 0x06 : 0x80) : spec.keyUsage,
    spec.extendedKeyUsage === undefined && !ca ? extendedKeyUsage(...PURPOSES) : (spec.extendedKeyUsage ?? null),
    names.length === 0 ? null : extension('2.5.29.17', sequence(...names), spec.namesCritical ?? !ca),
  ]
  return [...given.filter((one) => one !== null), ...(spec.extra ?? [])]
}

function unusedBits(bits: number): number {
  return bits === 0 ? 0 : 31 - Math.clz32(bits & -bits)
}

function time(at: number): Buffer {
  const text = new Date(at * 1000).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(0x18, Buffer.from(text))
}
