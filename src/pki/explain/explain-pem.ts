import { AppError } from '../../kernel/errors.ts'
import { findInPlace, type Link, toChainSummary, toLinks } from './chain.ts'
import type { ChainSummary, Explained, ExplainOptions, Explanation } from './explained.ts'
import { type Facts, parseCertificateFacts, parseRequestFacts } from './facts.ts'
import { findInCertificate, findInRequest } from './findings.ts'
import { type PemBlock, parseBlocks } from './pem-blocks.ts'

/**
 * Explains every certificate and CSR of a PEM or DER file: what it is, who signed it, what is unusual.
 * Throws `request.malformed` when the file holds none that can be read; a bad one among good ones is told in `others`.
 */
export function explainPem(input: Buffer, options: ExplainOptions): Explanation {
  const facts: Facts[] = []
  const others: string[] = []
  for (const block of parseBlocks(input)) {
    const read = readBlock(block)
    if (typeof read === 'string') others.push(read)
    else facts.push(read)
  }
  if (facts.length === 0)
    throw new AppError('request.malformed', `no certificate or CSR can be read: it holds ${others.join('; ')}`)
  const links = toLinks(facts)
  const chain = toChainSummary(facts, links)
  return { items: facts.map((_, index) => toExplained(index, { facts, links, chain, options })), chain, others }
}

interface File {
  readonly facts: readonly Facts[]
  readonly links: readonly Link[]
  readonly chain: ChainSummary | null
  readonly options: ExplainOptions
}

function toExplained(index: number, { facts, links, chain, options }: File): Explained {
  const item = facts[index]
  const link = links[index]
  if (item === undefined || link === undefined) throw new TypeError(`no item ${index}`)
  const { extensions } = item
  const place = chain === null ? [] : findInPlace(index, facts, chain)
  const own = item.kind === 'csr' ? findInRequest(item, options) : findInCertificate(item, options)
  return {
    kind: item.kind,
    subject: item.subject,
    ...validityOf(item),
    identity: identityOf(item, options),
    sans: (extensions.names?.value ?? []).map(({ kind, value }) => `${kind}:${value}`),
    keyType: item.key.keyType,
    keyUsage: extensions.keyUsage?.value ?? [],
    extendedKeyUsage: extensions.extendedKeyUsage?.value ?? [],
    isCa: extensions.basicConstraints?.value.isCa ?? false,
    pathLength: extensions.basicConstraints?.value.pathLength ?? null,
    signatureAlgorithm: item.signatureAlgorithm,
    sha256: item.sha256,
    subjectKeyId: extensions.subjectKeyId,
    authorityKeyId: extensions.authorityKeyId,
    signedBy: link.signedBy,
    findings: [...own, ...link.findings, ...place],
  }
}

function validityOf(item: Facts): Pick<Explained, 'issuer' | 'serial' | 'notBefore' | 'notAfter'> {
  if (item.kind === 'csr') return { issuer: null, serial: null, notBefore: null, notAfter: null }
  return {
    issuer: item.issuer,
    serial: item.serial.toString('hex').replace(/^0+/, '').padStart(32, '0'),
    notBefore: toRfc3339(item.notBefore),
    notAfter: toRfc3339(item.notAfter),
  }
}

function identityOf({ uris }: Facts, { problemOfSpiffeId }: ExplainOptions): string | null {
  const [uri] = uris
  return uri !== undefined && uris.length === 1 && problemOfSpiffeId(uri) === null ? uri : null
}

function toRfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** The facts of a block, or in words why there are none. */
function readBlock({ label, der }: PemBlock): Facts | string {
  switch (label) {
    case 'CERTIFICATE':
    case 'X509 CERTIFICATE':
    case 'TRUSTED CERTIFICATE':
      return attempt('a certificate', () => parseCertificateFacts(der))
    case 'CERTIFICATE REQUEST':
    case 'NEW CERTIFICATE REQUEST':
      return attempt('a CSR', () => parseRequestFacts(der))
    case '':
      return readUnlabelled(der)
    default:
      return label.endsWith('PRIVATE KEY') ? 'a private key: not shown' : `a block \`${label}\`: not explained`
  }
}

function readUnlabelled(der: Buffer): Facts | string {
  const certificate = attempt('bytes', () => parseCertificateFacts(der))
  if (typeof certificate !== 'string') return certificate
  const request = attempt('bytes', () => parseRequestFacts(der))
  return typeof request === 'string' ? 'DER that is neither a certificate nor a CSR' : request
}

function attempt(what: string, parse: () => Facts): Facts | string {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `${what} that cannot be read (${error.message})`
  }
}
