import type { TrustedIssuer } from '../identity/attest-client-certificate.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import { buildBundle } from './build-bundle.ts'
import type { TrustBundle } from './bundle.ts'
import type { IssuingAuthority } from './issue/issuing-authority.ts'
import { active, isValidAt, type RotationView } from './rotation/slots.ts'
import { trustedIssuers } from './trusted-issuers.ts'

/** What is stored, and everything that follows from it for those who read. */
export interface InForce {
  readonly view: RotationView
  readonly bundle: TrustBundle
  /** The active intermediate with its key; null when there is none that could sign. */
  readonly issuing: IssuingAuthority | null
  /** By the key identifier of their certificates. */
  readonly trusted: ReadonlyMap<string, TrustedIssuer>
  readonly ids: ReadonlySet<string>
}

/** Before anything is stored. */
export const NOTHING_IN_FORCE: InForce = toInForce({ authorities: [], rotations: [], bundleSequence: 0 }, null)

/** Pure: what a state puts in force, with the authority that signs in it. */
export function toInForce(view: RotationView, issuing: IssuingAuthority | null): InForce {
  const { authorities, bundleSequence } = view
  return {
    view,
    bundle: buildBundle(authorities, bundleSequence),
    issuing,
    trusted: trustedIssuers(authorities),
    ids: new Set(authorities.map(({ id }) => id)),
  }
}

/** Whether an intermediate could sign that had ended when this came into force, by a clock that was put right since. */
export function isIdle({ issuing, view }: InForce, now: UnixMillis): boolean {
  const signer = issuing === null ? active(view, 'intermediate') : undefined
  return signer !== undefined && isValidAt(signer, now)
}
