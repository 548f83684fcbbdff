import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import { isCrossedBy } from '../cross-chain.ts'
import { below, type RotationView } from './slots.ts'

/** Certificates that a gate waits for: how many, and when the last of them expires. */
export interface Standing {
  readonly certificates: number
  /** 0 when there are none. */
  readonly latestExpiry: UnixSeconds
}

/** Live certificates of one signer whose holders are known to have one bundle. */
export interface LiveCertificates extends Standing {
  /** Id of the authority that signed them. */
  readonly signer: string
  /** The newest bundle that their holders are known to have. */
  readonly sequence: number
}

/** Signer of certificates that nobody recorded: any authority may have signed them. */
export const UNKNOWN_SIGNER = ''

export const NOBODY: Standing = { certificates: 0, latestExpiry: 0 }

/** Holders who may still have a bundle older than `sequence`. */
export function behind(live: readonly LiveCertificates[], sequence: number): Standing {
  return total(live.filter((one) => one.sequence < sequence))
}

/** Certificates that descend from the authority. */
export function under(live: readonly LiveCertificates[], authority: Authority, view: RotationView): Standing {
  return total(live.filter(isUnder(authority, view)))
}

/** Those that descend from it, and holders who may know no newer root: they verify by what it has cross-signed. */
export function needing(live: readonly LiveCertificates[], authority: Authority, view: RotationView): Standing {
  const descends = isUnder(authority, view)
  const crossed = view.authorities.filter((one) => isTrusted(one) && isCrossedBy(one, authority))
  const sequence = Math.max(0, ...crossed.map(({ publishedSequence }) => publishedSequence))
  return total(live.filter((one) => descends(one) || one.sequence < sequence))
}

function isUnder(authority: Authority, view: RotationView): (one: LiveCertificates) => boolean {
  const ids = new Set([authority.id, ...(authority.kind === 'root' ? below(view, authority).map(({ id }) => id) : [])])
  return ({ signer }) => signer === UNKNOWN_SIGNER || ids.has(signer)
}

function total(live: readonly LiveCertificates[]): Standing {
  return live.reduce<Standing>(
    (sum, { certificates, latestExpiry }) => ({
      certificates: sum.certificates + certificates,
      latestExpiry: Math.max(sum.latestExpiry, latestExpiry),
    }),
    NOBODY,
  )
}
