import type { KeyObject } from 'node:crypto'
import { newKey } from './ca-material.ts'
import { basicConstraints, buildOddCertificate, ODD_NOW, type OddCertificate } from './odd-certificate.ts'

export const PARTNER = 'partner.example'
const LIFE = { notBefore: ODD_NOW - 86_400, notAfter: ODD_NOW + 86_400 }

/** A key with the name that certificates below it have as their issuer. */
export interface ForeignAuthority {
  readonly name: string
  readonly key: KeyObject
}

export function newForeignAuthority(name: string): ForeignAuthority {
  return { name, key: newKey() }
}

/** DER of a self-signed root of the partner, unless told otherwise. */
export function foreignRoot(authority: ForeignAuthority, more: OddCertificate = {}): Buffer {
  const spec = { ca: true, ...LIFE, ...authority, issuer: authority, uris: [`spiffe://${PARTNER}`] }
  return buildOddCertificate({ ...spec, ...more })
}

/** DER of an intermediate of the partner below `issuer`. */
export function foreignIntermediate(
  authority: ForeignAuthority,
  issuer: ForeignAuthority,
  more: OddCertificate = {},
): Buffer {
  const spec = { ca: true, ...LIFE, ...authority, issuer, uris: [`spiffe://${PARTNER}`] }
  return buildOddCertificate({ ...spec, basicConstraints: basicConstraints(true, 0), ...more })
}

/** DER of a leaf of `spiffe://partner.example/ns/shop/sa/web` below `issuer`. */
export function foreignLeaf(issuer: ForeignAuthority, more: OddCertificate = {}): Buffer {
  return buildOddCertificate({ issuer, uris: [`spiffe://${PARTNER}/ns/shop/sa/web`], ...more })
}

/** An `x509-svid` entry. */
export function foreignEntry(der: Buffer, more: object = {}): object {
  return { use: 'x509-svid', kty: 'EC', x5c: [der.toString('base64')], ...more }
}

/** The text of a bundle. */
export function bundleText(roots: readonly Buffer[], more: object = {}): string {
  const keys = roots.map((root) => foreignEntry(root))
  return JSON.stringify({ keys, spiffe_sequence: 1, spiffe_refresh_hint: 300, ...more })
}
