import type { UnixMillis } from '../../kernel/clock.ts'
import type { Authority } from '../authority.ts'
import { active, below, isValidAt, type RotationView } from './slots.ts'
import { leave } from './to-gone.ts'
import { ended, find, inState, invalid, type Transition } from './transition.ts'

/** Back to how it was: a prepared one is given up, an active one hands back to the one that drains. */
export function toAborted(view: RotationView, id: string, now: UnixMillis): Transition {
  const authority = find(view, id)
  if (authority.state === 'prepared') return leave(view, { authority, state: 'retired', now })
  if (authority.state !== 'active')
    throw invalid(`the ${authority.kind} \`${id}\` is ${authority.state}: nothing to abort`)
  const pairs = predecessorsOf(view, authority, now)
  const orphans = below(view, authority).filter(({ state }) => state === 'prepared')
  return {
    authorities: [
      ...orphans.map((one) => inState(one, 'retired', now)),
      ...pairs.flatMap(({ current, before }) => [inState(current, 'draining', now), inState(before, 'active', now)]),
    ],
    rotations: ended(view, [...pairs.map(({ current }) => current), ...orphans], now),
    bundleSequence: view.bundleSequence,
  }
}

interface Pair {
  readonly current: Authority
  readonly before: Authority
}

/** The authorities that sign, each with the one that did before it and still can. */
function predecessorsOf(view: RotationView, authority: Authority, now: UnixMillis): readonly Pair[] {
  const before = predecessorOf(view, authority, now)
  if (authority.kind !== 'root') return [{ current: authority, before }]
  const intermediate = active(view, 'intermediate')
  const last = youngest(below(view, before).filter((one) => canSign(one, now)))
  if (intermediate === undefined || last === undefined) {
    throw invalid('no intermediate of the old root can sign now: it is too late to abort')
  }
  return [
    { current: authority, before },
    { current: intermediate, before: last },
  ]
}

/** An intermediate hands back below its own root alone: another root has its own turn. */
function predecessorOf(view: RotationView, { kind, id, issuer }: Authority, now: UnixMillis): Authority {
  const isOfItsRoot = (one: Authority) => kind !== 'intermediate' || one.issuer === issuer
  const last = youngest(view.authorities.filter((one) => one.kind === kind && isOfItsRoot(one) && canSign(one, now)))
  if (last !== undefined) return last
  throw invalid(`no ${kind} is draining that \`${id}\` could hand back to: it is too late to abort`)
}

function canSign(authority: Authority, now: UnixMillis): boolean {
  return authority.state === 'draining' && isValidAt(authority, now)
}

function youngest(authorities: readonly Authority[]): Authority | undefined {
  return authorities.toSorted((a, b) => b.changedAt - a.changedAt || b.createdAt - a.createdAt)[0]
}
