import { X509Certificate } from 'node:crypto'
import type { UnixMillis } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { buildAuthorityCertificate } from '../pki/build-certificate.ts'
import type { Authority } from './authority.ts'
import { positiveSerial } from './create-authority.ts'
import type { KeyProvider } from './key-provider.ts'

export interface CrossSignDeps {
  readonly keys: KeyProvider
  readonly random: RandomBytes
  readonly trustDomain: string
  readonly now: UnixMillis
}

/**
 * The certificate of a new root by an old one (RFC 5280 §3.2, cross-certificate), PEM: with it in the chain, who knows only
 * the old root believes what descends from the new one. It ends with the first of the two, and names and key are those of
 * the new root, so that who knows that one stops there. `authority.invalid_transition` for a root of another make.
 */
export async function crossSign(newRoot: Authority, oldRoot: Authority, deps: CrossSignDeps): Promise<string> {
  const now = Math.floor(deps.now / 1000)
  if (now >= oldRoot.notAfter) throw new AppError('authority.invalid_transition', 'the old root has expired')
  const certified = new X509Certificate(newRoot.certificate)
  const cross = await buildAuthorityCertificate({
    trustDomain: deps.trustDomain,
    kind: 'root',
    publicKey: certified.publicKey,
    serial: positiveSerial(deps.random),
    notBefore: Math.max(newRoot.notBefore, oldRoot.notBefore),
    notAfter: Math.min(newRoot.notAfter, oldRoot.notAfter),
    signer: await deps.keys.load(oldRoot.id, oldRoot.keyType),
    issuerCertificate: oldRoot.certificate,
  })
  const seen = new X509Certificate(cross)
  const old = new X509Certificate(oldRoot.certificate)
  if (seen.subject !== certified.subject) {
    const message = 'the new root was not made here: its name is not one that this service gives'
    throw new AppError('authority.invalid_transition', message)
  }
  if (!seen.checkIssued(old) || !seen.verify(old.publicKey)) throw new TypeError('a cross-certificate does not verify')
  return cross
}
