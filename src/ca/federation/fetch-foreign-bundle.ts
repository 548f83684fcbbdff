import { FetchError, fetchDocument } from '../../identity/fetch-document.ts'
import { AppError } from '../../kernel/errors.ts'
import { printable } from '../../kernel/printable.ts'
import { parseCertificate } from '../../pki/parsed-certificate.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'
import type { Relationship } from './relationship.ts'

export interface FetchContext {
  /** PEM of the roots of the endpoint's trust domain; none with https_web. */
  readonly roots: readonly string[]
  readonly signal: AbortSignal
}

/** Reads the bundle of a relationship as its server gives it; throws `ForeignBundleError`. */
export type FetchForeignBundle = (relationship: Relationship, context: FetchContext) => Promise<Buffer>

const TIMEOUT_MS = 10_000
const SIGNS_CERTIFICATES_OR_CRLS = 0x06 // keyCertSign and cRLSign, RFC 5280 §4.2.1.3

/** Over https alone, without leaving the host, bounded in time and size. */
export const fetchForeignBundle: FetchForeignBundle = async (relationship, { roots, signal }) => {
  const { url, endpointSpiffeId, allowPrivateAddress } = relationship
  if (endpointSpiffeId !== null && roots.length === 0) {
    throw new ForeignBundleError(`there is no root to verify \`${endpointSpiffeId}\` by: add it with a bundle`)
  }
  const tls =
    endpointSpiffeId === null
      ? {} // the public CAs (F-7)
      : { ca: roots.join(''), checkServer: (der: Buffer) => refusalOf(der, endpointSpiffeId) }
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    return await fetchDocument(url, { ...tls, allowPrivateAddress, signal: bounded })
  } catch (error) {
    if (error instanceof FetchError) throw new ForeignBundleError(printable(error.message, 300), { cause: error })
    throw error
  }
}

/** Whether the chain is good has been decided before: this is the leaf (F-14, F-15, X-22). */
function refusalOf(der: Buffer, endpointSpiffeId: string): Error | undefined {
  try {
    const { isCa, keyUsage, uris } = parseCertificate(der, 'auth.certificate_untrusted')
    const [uri = 'nobody', ...more] = uris
    if (isCa || (keyUsage & SIGNS_CERTIFICATES_OR_CRLS) !== 0) return new FetchError('the server shows an authority')
    if (uri === endpointSpiffeId && more.length === 0) return undefined
    return new FetchError(`the server is ${uri} and not ${endpointSpiffeId}`)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
