import { AppError } from '../kernel/errors.ts'
import { parseCertificate } from '../pki/parsed-certificate.ts'
import { parsePem } from '../pki/pem.ts'

/** Every URI SAN of a certificate given as URL-encoded PEM; throws `request.malformed` where it cannot be read. */
export type UrisOfCertificate = (encoded: string) => readonly string[]

const GENERATION = 500
const MAX_LENGTH = 16_384

/**
 * Reads the certificates of peers that proxies have verified and hand on. A proxy sends the same one with each request,
 * so two generations of 500 are remembered.
 */
export function openCertificateUris(): UrisOfCertificate {
  let young = new Map<string, readonly string[]>()
  let old: ReadonlyMap<string, readonly string[]> = new Map()
  return (encoded) => {
    const recent = young.get(encoded)
    if (recent !== undefined) return recent
    const uris = old.get(encoded) ?? parse(encoded)
    if (young.size >= GENERATION) {
      old = young
      young = new Map()
    }
    young.set(encoded, uris)
    return uris
  }
}

function parse(encoded: string): readonly string[] {
  if (encoded.length > MAX_LENGTH) throw unreadable(`longer than ${MAX_LENGTH} characters`)
  return parseCertificate(parsePem(decode(encoded), ['CERTIFICATE'], 'request.malformed'), 'request.malformed').uris
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    throw unreadable('it is not URL-encoded', cause)
  }
}

function unreadable(problem: string, cause?: unknown): AppError {
  return new AppError('request.malformed', `the certificate of the peer cannot be read: ${problem}`, { cause })
}
