import { createHash } from 'node:crypto'
import type { UnixSeconds } from '../../kernel/clock.ts'
import { type ExtensionFacts, toExtensionFacts } from './extensions.ts'
import { type KeyFacts, toKeyFacts, toSignatureKind } from './keys.ts'
import { toNameText } from './names.ts'
import { type CertificateParts, parseCertificateParts, parseRequestParts, type Signed } from './parts.ts'

/** What certificates and CSRs have in common, read. */
interface CommonFacts extends Signed {
  readonly subject: string
  readonly subjectDer: Buffer
  readonly publicKey: Buffer
  readonly key: KeyFacts
  readonly signatureAlgorithm: string
  readonly extensions: ExtensionFacts
  readonly uris: readonly string[]
  readonly sha256: string
}

export interface CertificateFacts extends CommonFacts {
  readonly kind: 'certificate'
  readonly version: number
  readonly serial: Buffer
  readonly issuer: string
  readonly issuerDer: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly isCa: boolean
}

export interface RequestFacts extends CommonFacts {
  readonly kind: 'csr'
  readonly der: Buffer
}

export type Facts = CertificateFacts | RequestFacts

/** Reads a certificate from its DER; throws `request.malformed`. */
export function parseCertificateFacts(der: Buffer): CertificateFacts {
  const parts = parseCertificateParts(der)
  const common = toCommonFacts(der, parts)
  return {
    kind: 'certificate',
    ...common,
    version: parts.version,
    serial: parts.serial,
    issuer: toNameText(parts.issuer),
    issuerDer: parts.issuer,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    isCa: common.extensions.basicConstraints?.value.isCa ?? false,
  }
}

/** Reads a CSR from its DER; throws `request.malformed`. */
export function parseRequestFacts(der: Buffer): RequestFacts {
  return { kind: 'csr', der, ...toCommonFacts(der, parseRequestParts(der)) }
}

type CommonParts = Signed & Pick<CertificateParts, 'subject' | 'publicKey' | 'extensions'>

function toCommonFacts(der: Buffer, parts: CommonParts): CommonFacts {
  const extensions = toExtensionFacts(parts.extensions)
  const names = extensions.names?.value ?? []
  return {
    signedBytes: parts.signedBytes,
    signatureOid: parts.signatureOid,
    signature: parts.signature,
    subject: toNameText(parts.subject),
    subjectDer: parts.subject,
    publicKey: parts.publicKey,
    key: toKeyFacts(parts.publicKey),
    signatureAlgorithm: toSignatureKind(parts.signatureOid)?.name ?? parts.signatureOid,
    extensions,
    uris: names.filter(({ kind }) => kind === 'URI').map(({ value }) => value),
    sha256: createHash('sha256').update(der).digest('hex'),
  }
}
