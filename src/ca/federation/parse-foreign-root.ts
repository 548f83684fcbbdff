import { AppError } from '../../kernel/errors.ts'
import { printable } from '../../kernel/printable.ts'
import { type CaCertificate, parseCaCertificate } from '../../pki/ca-certificate.ts'
import { checkSignature } from '../../pki/explain/keys.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'

interface Place {
  /** For messages: `keys[0]`. */
  readonly at: string
  readonly trustDomain: string
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/ // RFC 4648 §4, not the alphabet of base64url

/** The certificate of an `x5c`: a self-signed authority of the trust domain (X-9, X-10, X-25…X-27); throws `ForeignBundleError`. */
export function parseForeignRoot(base64: string, { at, trustDomain }: Place): CaCertificate {
  const der = Buffer.from(base64, 'base64')
  if (!BASE64.test(base64) || der.toString('base64') !== base64) throw new ForeignBundleError(`${at}: no base64`)
  const root = readCertificate(der, at)
  const problem = problemOfRoot(root, trustDomain)
  if (problem !== null) throw new ForeignBundleError(`${at}: ${problem}`)
  return root
}

function readCertificate(der: Buffer, at: string): CaCertificate {
  try {
    return parseCaCertificate(der, at)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new ForeignBundleError(`${at}: ${error.message}`, { cause: error })
  }
}

function problemOfRoot({ facts }: CaCertificate, trustDomain: string): string | null {
  const own = `spiffe://${trustDomain}`
  const foreign = facts.uris.find((uri) => uri !== own)
  const [unreadable] = facts.extensions.problems
  if (facts.version !== 3) return 'it is no certificate of version 3'
  if (unreadable !== undefined) return unreadable.text
  if (!facts.isCa) return 'it is no authority: its basic constraints lack CA:TRUE'
  if (facts.extensions.keyUsage?.value.includes('keyCertSign') !== true) return 'its key usage lacks keyCertSign'
  if (foreign !== undefined) return `it is for \`${printable(foreign)}\`, and not for \`${own}\``
  if (facts.key.weakness !== null) return `its key is not accepted: ${facts.key.weakness}`
  if (!facts.subjectDer.equals(facts.issuerDer)) return 'it is not self-signed'
  return checkSignature(facts, facts.publicKey) === 'valid' ? null : 'its own signature is invalid'
}
