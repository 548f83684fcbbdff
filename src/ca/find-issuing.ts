import type { UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Signer } from '../pki/signer.ts'
import type { Authority } from './authority.ts'
import { buildBundle } from './build-bundle.ts'
import { issuerChainOf } from './cross-chain.ts'
import type { InForce } from './in-force.ts'
import type { IssuerChain } from './issue/issuance.ts'
import { buildIssuingAuthority, type IssuingAuthority } from './issue/issuing-authority.ts'
import { remedyOf } from './rotation/remedy.ts'
import { active, type RotationView } from './rotation/slots.ts'

interface FindIssuingDeps {
  readonly now: UnixSeconds
  /** Rejects when the key is gone or must not be used. */
  readonly signerOf: (authority: Authority) => Promise<Signer>
}

/** The active intermediate with its key; an expired one needs none, so that the service starts and can be repaired. */
export async function findIssuing(
  { authorities, bundleSequence, ...rest }: RotationView,
  { now, signerOf }: FindIssuingDeps,
): Promise<IssuingAuthority | null> {
  const authority = active({ authorities, bundleSequence, ...rest }, 'intermediate')
  if (authority === undefined || now >= authority.notAfter) return null
  const { roots, sequence } = buildBundle(authorities, bundleSequence)
  const chain: IssuerChain = {
    authority: authority.id,
    intermediates: issuerChainOf(authorities, authority),
    roots,
    bundleSequence: sequence,
  }
  return buildIssuingAuthority({ authority, signer: await signerOf(authority) }, chain)
}

/** The authority that signs now; `issue.no_active_authority` with what to do when none can. */
export function issuingAt({ issuing, view }: InForce, now: UnixSeconds): IssuingAuthority {
  const authority = issuing?.authority ?? active(view, 'intermediate')
  if (authority === undefined) throw noAuthority('there is no active intermediate: an administrator has to rotate it')
  if (now < authority.notBefore)
    throw noAuthority(`the active intermediate is not valid yet; ${remedyOf(view, authority, now)}`)
  if (now >= authority.notAfter)
    throw noAuthority('the active intermediate has expired: an administrator has to rotate it')
  if (issuing === null)
    throw noAuthority('the key of the active intermediate cannot be used: an administrator has to rotate it')
  return issuing
}

function noAuthority(why: string): AppError {
  return new AppError('issue.no_active_authority', `${why}; try again later`, { retryAfterSeconds: 60 })
}
