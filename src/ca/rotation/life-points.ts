import { createHash } from 'node:crypto'
import type { UnixSeconds } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'

/** When the successor of an authority is prepared. */
export function preparationPoint(authority: Authority, { prepareAt }: { readonly prepareAt: number }): UnixSeconds {
  return pointOf(authority, prepareAt)
}

/** When the successor of an authority takes over, if its gate is open. */
export function activationPoint(authority: Authority, { activateAt }: { readonly activateAt: number }): UnixSeconds {
  return pointOf(authority, activateAt)
}

const JITTER = 0.02

/** Up to 2 % of the life earlier, the same for one authority each time: many services do not rotate at one moment. */
function pointOf({ id, notBefore, notAfter, createdAt }: Authority, share: number): UnixSeconds {
  const fraction = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32
  const begin = Math.max(notBefore, Math.floor(createdAt / 1000)) // it was valid before it was there
  return Math.floor(begin + (notAfter - begin) * (share - JITTER * fraction))
}
