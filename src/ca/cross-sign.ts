import { X509Certificate } from 'node:crypto'
import type { UnixMillis } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { buildCrossCertificate, readAuthorityCertificate } from '../pki/build-certificate.ts'
import type { Authority } from './authority.ts'
import { positiveSerial } from './create-authority.ts'
import type { KeyProvider } from './key-provider.ts'

export interface CrossSignDeps {
  readonly keys: KeyProvider
  readonly random: RandomBytes
  readonly now: UnixMillis
}

/**
 * The certificate of a new root by an old one (RFC 5280 §3.2, cross-certificate), PEM: with it in the chain, who knows only
 * the old root believes what descends from the new one. It ends with the first of the two, and names and key are those of
 * the new root, so that who knows that one stops there. `authority.invalid_transition` where the old one has ended.
 */
export async function crossSign(newRoot: Authority, oldRoot: Authority, deps: CrossSignDeps): Promise<string> {
  if (deps.now / 1000 >= oldRoot.notAfter) {
    throw new AppError('authority.invalid_transition', 'the old root has expired: nobody believes what it signs')
  }
  const cross = await buildCrossCertificate({
    certificate: newRoot.certificate,
    serial: positiveSerial(deps.random),
    notBefore: Math.max(newRoot.notBefore, oldRoot.notBefore),
    notAfter: Math.min(newRoot.notAfter, oldRoot.notAfter),
    signer: await deps.keys.load(oldRoot.id, oldRoot.keyType),
    issuerCertificate: oldRoot.certificate,
  })
  refuseUnverified(cross, newRoot, oldRoot)
  return cross
}

/** Read back by another parser: whoever signed below the new root must have signed below this one, too. */
function refuseUnverified(cross: string, newRoot: Authority, oldRoot: Authority): void {
  const seen = new X509Certificate(cross)
  const old = new X509Certificate(oldRoot.certificate)
  const isSigned = seen.ca && seen.checkIssued(old) && seen.verify(old.publicKey)
  const [copy, original] = [cross, newRoot.certificate].map(readAuthorityCertificate)
  const isSame = original !== undefined && copy?.name.equals(original.name) && copy.keyId === original.keyId
  if (!isSigned || !isSame)
    throw new TypeError(`a cross-certificate of ${newRoot.id} does not read back as it was signed`)
}
