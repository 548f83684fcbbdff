import type { UnixMillis } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import { below, type RotationView } from './slots.ts'
import { ended, find, inState, invalid, type Transition, unchanged } from './transition.ts'

/** Out of the bundle for good; intermediates go with their root. */
export function toRetired(view: RotationView, id: string, now: UnixMillis): Transition {
  const authority = find(view, id)
  if (authority.state === 'active') throw invalid(`the ${authority.kind} \`${id}\` is active: rotate it first`)
  if (!isTrusted(authority)) throw invalid(`the ${authority.kind} \`${id}\` is ${authority.state} already`)
  return leave(view, { authority, state: 'retired', now })
}

/** Its holders shall renew; it stays in the bundle until it is revoked. */
export function toTainted(view: RotationView, id: string, now: UnixMillis): Transition {
  const authority = find(view, id)
  if (authority.state === 'active') throw invalid(takeOver(authority, 'tainted'))
  if (!isTrusted(authority)) throw invalid(`the ${authority.kind} \`${id}\` is ${authority.state}: nobody trusts it`)
  const others = authority.kind === 'root' ? below(view, authority).filter(isTrusted) : []
  return {
    authorities: [authority, ...others].map((one) => inState(one, 'tainted', now)),
    rotations: ended(view, [authority, ...others], now),
    bundleSequence: view.bundleSequence + 1, // the bundle names it: who polls for it learns at once
  }
}

/** Out of the bundle at once, whatever descends from it. */
export function toRevoked(view: RotationView, id: string, now: UnixMillis): Transition {
  const authority = find(view, id)
  if (authority.state === 'active') throw invalid(takeOver(authority, 'revoked'))
  return leave(view, { authority, state: 'revoked', now })
}

interface Leaving {
  readonly authority: Authority
  readonly state: 'retired' | 'revoked'
  readonly now: UnixMillis
}

/** Out of what is trusted; intermediates go with their root. */
export function leave(view: RotationView, { authority, state, now }: Leaving): Transition {
  if (authority.state === state) return unchanged(view)
  // the bundle holds roots and keys, and names whatever is tainted
  const isPublished = (authority.kind !== 'intermediate' && isTrusted(authority)) || authority.state === 'tainted'
  const others = authority.kind === 'root' ? below(view, authority).filter(isTrusted) : []
  if (others.some((one) => one.state === 'active')) throw invalid(`an active intermediate is below \`${authority.id}\``)
  return {
    authorities: [authority, ...others].map((one) => inState(one, state, now)),
    rotations: ended(view, [authority, ...others], now),
    bundleSequence: view.bundleSequence + (isPublished ? 1 : 0),
  }
}

function takeOver({ kind, id }: Authority, verb: string): string {
  return `the ${kind} \`${id}\` is active: it can be ${verb} only while another is prepared to take over`
}
