import { readAuthorityCertificate } from '../../pki/build-certificate.ts'
import type { KeyType } from '../../pki/key-types.ts'
import { compileLeafTemplate, type LeafTemplate } from '../../pki/leaf-template.ts'
import type { Signer } from '../../pki/signer.ts'
import type { Authority } from '../authority.ts'
import type { KeyedAuthority } from '../create-authority.ts'
import type { IssuerChain } from './issuance.ts'

/** The active intermediate, ready to sign: its key, its templates and what goes out with every leaf. */
export interface IssuingAuthority {
  readonly authority: Authority
  readonly signer: Signer
  /** DER of its Name. */
  readonly name: Buffer
  /** Its subject key identifier, 20 bytes. */
  readonly keyId: Buffer
  readonly chain: IssuerChain
  /** The leaf template for keys of a type, compiled at its first use. */
  template(keyType: KeyType): LeafTemplate
  /** The types of key of which a leaf was read back as it was signed. */
  readonly verified: Set<KeyType>
}

export function buildIssuingAuthority(keyed: KeyedAuthority, chain: IssuerChain): IssuingAuthority {
  const { authority, signer } = keyed
  const { name, keyId } = readAuthorityCertificate(authority.certificate)
  const templates = new Map<KeyType, LeafTemplate>()
  return {
    authority,
    signer,
    name,
    keyId: Buffer.from(keyId, 'hex'),
    chain,
    verified: new Set(),
    template(keyType) {
      const known = templates.get(keyType)
      if (known !== undefined) return known
      const template = compileLeafTemplate({ name, keyId, signatureAlgorithm: signer.algorithm }, keyType)
      templates.set(keyType, template)
      return template
    },
  }
}
