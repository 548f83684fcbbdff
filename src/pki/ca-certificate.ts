import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import { keyId } from './build-certificate.ts'
import { DerReader } from './der.ts'
import { type CertificateFacts, parseCertificateFacts } from './explain/facts.ts'
import { type CertificateParts, parseCertificateParts } from './explain/parts.ts'
import { KEY_TYPES, type KeyType } from './key-types.ts'
import { toPem } from './pem.ts'
import { readPublicKey } from './public-key.ts'

/** A certificate of somebody else's authority as it was given. */
export interface CaCertificate {
  /** Where it stands, for people: the file, and which one of several. */
  readonly file: string
  /** Written anew, so that whatever was odd about the file is gone. */
  readonly pem: string
  readonly der: Buffer
  readonly facts: CertificateFacts
  readonly extensions: CertificateParts['extensions']
}

/** Reads a certificate from its DER, with our parser and OpenSSL's; throws `request.malformed`. */
export function parseCaCertificate(der: Buffer, file: string): CaCertificate {
  const facts = parseCertificateFacts(der)
  if (!reencodesAs(der)) throw new AppError('request.malformed', 'bytes stand behind the certificate')
  return { file, pem: toPem('CERTIFICATE', der), der, facts, extensions: parseCertificateParts(der).extensions }
}

/** The public key of an authority that is to be used here, its type and the id that it is known by; throws `csr.key_not_allowed`. */
export function readCaPublicKey({ facts }: CaCertificate): {
  readonly id: string
  readonly keyType: KeyType
  readonly publicKey: KeyObject
} {
  const reader = new DerReader(facts.publicKey, { code: 'csr.key_not_allowed', maxDepth: null })
  const { keyType, spki } = readPublicKey(reader, new Set(KEY_TYPES))
  try {
    return { id: keyId(spki), keyType, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) }
  } catch (cause) {
    throw new AppError('csr.key_not_allowed', `the ${keyType} public key is not a valid one`, { cause })
  }
}

function reencodesAs(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.equals(der)
  } catch (cause) {
    throw new AppError('request.malformed', 'it is no certificate that OpenSSL reads', { cause })
  }
}
