import type { Clock, UnixSeconds } from '../../kernel/clock.ts'
import type { RandomBytes } from '../../kernel/random.ts'
import type { KeyType } from '../../pki/key-types.ts'
import { fillLeafTemplate } from '../../pki/leaf-template.ts'
import type { SubjectNames } from '../../pki/profile.ts'
import type { Authorities } from '../authorities.ts'
import { positiveSerial } from '../create-authority.ts'
import type { IssuingAuthority } from './issuing-authority.ts'
import { lintLeaf } from './lint.ts'

export interface DraftDeps {
  readonly authorities: Authorities
  readonly clock: Clock
  readonly random: RandomBytes
  /** Seconds that notBefore lies back at most. */
  readonly backdate: number
}

/** The key that gets a certificate, as a checked CSR gives it. */
export interface LeafKey {
  readonly spki: Buffer
  readonly keyType: KeyType
  readonly spkiSha256: Buffer
  readonly csrSha256: Buffer
}

/** A TBSCertificate that has passed its lints; it is signed once. */
export interface LeafDraft {
  readonly tbs: Buffer
  readonly serial: Buffer
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly key: LeafKey
  readonly issuing: IssuingAuthority
}

/** Fills the profile and lints the bytes; `issue.no_active_authority` when nothing can sign. */
export type DraftLeaf = (names: SubjectNames, key: LeafKey, ttlSeconds: number) => LeafDraft

/** The one way to a draft: nothing unlinted is ever signed. */
export function openDrafts({ clock, random, authorities, backdate }: DraftDeps): DraftLeaf {
  return (names, key, ttlSeconds) => {
    const now = Math.floor(clock.now() / 1000)
    const issuing = authorities.issuing(now)
    const { authority } = issuing
    const notAfter = Math.min(now + ttlSeconds, authority.notAfter) // never outliving its issuer
    const back = Math.min(backdate, Math.floor((notAfter - now) / 10)) // a short life must not be past its middle at birth
    const notBefore = Math.max(now - back, authority.notBefore)
    const serial = positiveSerial(random)
    const { spki, spkiSha256: subjectKeyId } = key
    const template = issuing.template(key.keyType)
    const tbs = fillLeafTemplate(template, { serial, notBefore, notAfter, spki, subjectKeyId, names })
    lintLeaf(tbs, {
      identity: names.uri,
      spki,
      subjectKeyId: subjectKeyId.subarray(0, 20),
      issuerNotBefore: authority.notBefore,
      issuerNotAfter: authority.notAfter,
      issuerName: issuing.name,
      issuerKeyId: issuing.keyId,
      signatureAlgorithm: issuing.signer.algorithm,
      rsaKey: key.keyType.startsWith('rsa'),
      otherNames: names.dns === undefined ? 'none' : 'dns-and-ip',
    })
    return { tbs, serial, notBefore, notAfter, key, issuing }
  }
}
