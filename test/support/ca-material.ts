import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { CaMaterial, NamedText } from '../../src/pki/ca-directory.ts'
import { toPem } from '../../src/pki/pem.ts'
import { basicConstraints, buildOddCertificate, ODD_NOW, type OddCertificate } from './odd-certificate.ts'

const DAY = 86_400

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

export const ROOT = { name: 'Test root', key: newKey() }
export const SIGNER = { name: 'Test signer', key: newKey() }

/** PEM of an authority named `spec.name`, of 90 days, signed by the root unless another issuer is given. */
export function authority(spec: OddCertificate): string {
  const life = { notBefore: ODD_NOW - DAY, notAfter: ODD_NOW + 90 * DAY }
  return toPem('CERTIFICATE', buildOddCertificate({ ca: true, issuer: ROOT, ...life, ...spec }))
}

export function rootPem(spec: OddCertificate = {}): string {
  return authority({ ...ROOT, ...spec })
}

export function signerPem(spec: OddCertificate = {}): string {
  return authority({ ...SIGNER, basicConstraints: basicConstraints(true, 0), ...spec })
}

export function keyPem(key: KeyObject = SIGNER.key): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Signatures are never the same twice: these are the ones that go together. */
export const ROOT_PEM = rootPem()
export const SIGNER_PEM = signerPem()

/** The texts of the files, those of a good authority unless given; null leaves one out. */
export interface CaTexts {
  readonly certificate?: string
  readonly key?: string | null
  readonly chain?: string | null
  readonly roots?: string | null
}

/** Material in the names of Istio's `cacerts`. */
export function caMaterial(texts: CaTexts = {}): CaMaterial {
  const { certificate = SIGNER_PEM, key = keyPem(), roots = ROOT_PEM, chain = certificate } = texts
  const named = (name: string, text: string | null): NamedText | null => (text === null ? null : { name, text })
  return {
    certificate: { name: 'ca-cert.pem', text: certificate },
    key: named('ca-key.pem', key),
    chain: named('cert-chain.pem', chain),
    roots: named('root-cert.pem', roots),
  }
}
