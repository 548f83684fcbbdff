import { createPublicKey, hash, randomBytes } from 'node:crypto'
import { generateKey, privateKeyPem } from '../../src/pki/file-keys.ts'
import { assembleCertificate, fillLeafTemplate } from '../../src/pki/leaf-template.ts'
import { toPem } from '../../src/pki/pem.ts'
import type { TestAuthorities } from './authority.ts'

/** A certificate with its key, PEM, and the roots that vouch for it. */
export interface Credentials {
  readonly cert: string
  readonly key: string
  readonly roots: string
  readonly der: Buffer
}

export interface CredentialsOptions {
  readonly uri?: string
  readonly dns?: readonly string[]
  readonly ips?: readonly string[]
  /** Unix milliseconds. */
  readonly now?: number
  readonly ttlSeconds?: number
}

/** A leaf below the test authorities, signed without the issuing use case. */
export async function testCredentials(
  authorities: TestAuthorities,
  options: CredentialsOptions = {},
): Promise<Credentials> {
  const { issuing, root } = authorities
  const key = generateKey('ec-p256')
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const notBefore = Math.floor((options.now ?? Date.now()) / 1000) - 60
  const uri = options.uri ?? 'spiffe://cluster.local/ns/istio-system/sa/alcazar'
  const { dns, ips } = options
  const template = issuing.template('ec-p256')
  const tbs = fillLeafTemplate(template, {
    serial: randomBytes(16),
    notBefore,
    notAfter: notBefore + 60 + (options.ttlSeconds ?? 3600),
    spki,
    subjectKeyId: hash('sha256', spki, 'buffer'),
    names: dns === undefined && ips === undefined ? { uri } : { uri, dns: dns ?? [], ips: ips ?? [] },
  })
  const der = assembleCertificate(tbs, issuing.signer.algorithm, await issuing.signer.sign(tbs))
  const cert = toPem('CERTIFICATE', der) + issuing.chain.intermediates.join('')
  return { cert, key: privateKeyPem(key, null), roots: root.authority.certificate, der }
}
