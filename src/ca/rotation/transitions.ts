import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Authority, AuthorityState, Rotation } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import { active, below, prepared, type RotationView, rootOf } from './slots.ts'

/** What one transaction changes: authorities and rotations by id, and the sequence of the bundle. */
export interface Transition {
  readonly authorities: readonly Authority[]
  readonly rotations: readonly Rotation[]
  readonly bundleSequence: number
}

/** Refused: the authority cannot go there from where it is. */
export function invalid(message: string): AppError {
  return new AppError('authority.invalid_transition', message)
}

/** Publishes a new authority that does not sign yet; the sequence grows with every root. */
export function toPrepared(view: RotationView, created: readonly Authority[]): Transition {
  const root = created.find(({ kind }) => kind === 'root' || kind === 'jwt')
  for (const { kind } of created) {
    const other = prepared(view, kind)
    if (other !== undefined)
      throw invalid(`the ${kind} \`${other.id}\` is prepared already: activate or abort it first`)
  }
  const bundleSequence = root === undefined ? view.bundleSequence : view.bundleSequence + 1
  return {
    authorities: created.map((one) =>
      one.kind === 'intermediate' ? one : { ...one, publishedSequence: bundleSequence },
    ),
    rotations: [],
    bundleSequence,
  }
}

/** The prepared authority signs from now on; `below` are the intermediates that come with a root, the first signs. */
export function toActive(
  view: RotationView,
  { id, successor, now }: { readonly id: string; readonly successor: Authority | null; readonly now: UnixMillis },
): Transition {
  const next = find(view, id)
  refuseUnfit(view, next, now)
  if (next.kind === 'root' && successor === null) throw new TypeError('a root signs through an intermediate')
  const coming = successor === null ? [next] : [next, successor]
  const leaving = coming.map(({ kind }) => active(view, kind)).filter((one) => one !== undefined)
  const orphans = next.kind === 'root' ? orphansOf(view, next) : []
  return {
    authorities: [
      ...orphans.map((one) => inState(one, 'retired', now)),
      ...leaving.map((one) => inState(one, 'draining', now)),
      ...coming.map((one) => inState(one, 'active', now)),
    ],
    rotations: [...activated(view, { coming, leaving, now }), ...ended(view, orphans, now)],
    bundleSequence: view.bundleSequence,
  }
}

function refuseUnfit(view: RotationView, next: Authority, now: UnixMillis): void {
  const { id, kind, state, notAfter } = next
  if (state !== 'prepared') throw invalid(`the ${kind} \`${id}\` is ${state}, not prepared`)
  if (now >= notAfter * 1000) throw invalid(`the ${kind} \`${id}\` has expired: abort it and prepare another`)
  const root = rootOf(view, next)
  if (kind === 'intermediate' && root !== undefined && root.state !== 'active') {
    throw invalid(`the root of the intermediate \`${id}\` is ${root.state}, not active`)
  }
}

/** What was prepared below another root shall never sign behind this one's back. */
function orphansOf(view: RotationView, { id }: Authority): readonly Authority[] {
  return view.authorities.filter((one) => {
    const isWaiting = one.kind === 'intermediate' && one.state === 'prepared'
    return isWaiting && one.issuer !== id && rootOf(view, one) !== undefined
  })
}

interface TakingOver {
  readonly coming: readonly Authority[]
  readonly leaving: readonly Authority[]
  readonly now: UnixMillis
}

/** A rotation whose new authority signs waits for the old one to leave, where there is one. */
function activated(view: RotationView, { coming, leaving, now }: TakingOver): readonly Rotation[] {
  return view.rotations
    .filter(({ endedAt, to }) => endedAt === null && coming.some(({ id }) => id === to))
    .map((rotation) => {
      const isLeaving = leaving.some(({ id }) => id === rotation.from)
      const rest = isLeaving ? ({ state: 'draining' } as const) : ({ state: 'done', endedAt: now } as const)
      return { ...rotation, activatedAt: now, forced: false, ...rest } // what was forced is done
    })
}

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

/** One transition after the other, as one. */
export function both(view: RotationView, first: Transition, second: (after: RotationView) => Transition): Transition {
  const after = withTransition(view, first)
  const then = second(after)
  return {
    authorities: merge(first.authorities, then.authorities),
    rotations: merge(first.rotations, then.rotations),
    bundleSequence: then.bundleSequence,
  }
}

/** What is known after the transition. */
export function withTransition(
  view: RotationView,
  { authorities, rotations, bundleSequence }: Transition,
): RotationView {
  return {
    authorities: merge(view.authorities, authorities),
    rotations: merge(view.rotations, rotations),
    bundleSequence,
  }
}

export function find(view: RotationView, id: string): Authority {
  const authority = view.authorities.find((one) => one.id === id)
  if (authority !== undefined) return authority
  throw new AppError('resource.not_found', 'there is no such authority: see `alcazar authority list`')
}

function inState(authority: Authority, state: AuthorityState, now: UnixMillis): Authority {
  return { ...authority, state, changedAt: now }
}

interface Leaving {
  readonly authority: Authority
  readonly state: 'retired' | 'revoked'
  readonly now: UnixMillis
}

function leave(view: RotationView, { authority, state, now }: Leaving): Transition {
  if (authority.state === state) return { authorities: [], rotations: [], bundleSequence: view.bundleSequence }
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

/** A rotation is done when its old authority goes after the new one took over, and aborted when either goes before. */
function ended(view: RotationView, gone: readonly Authority[], now: UnixMillis): readonly Rotation[] {
  const ids = new Set(gone.map(({ id }) => id))
  return view.rotations
    .filter(({ endedAt, from, to }) => endedAt === null && (ids.has(from) || ids.has(to)))
    .map((rotation) => {
      const isDone = ids.has(rotation.from) && rotation.activatedAt !== null
      return { ...rotation, state: isDone ? 'done' : 'aborted', endedAt: now }
    })
}

interface Pair {
  readonly current: Authority
  readonly before: Authority
}

/** The authorities that sign, each with the one that did before it and still can. */
function predecessorsOf(view: RotationView, authority: Authority, now: UnixMillis): readonly Pair[] {
  const before = youngestDraining(view, authority, now)
  if (authority.kind !== 'root') return [{ current: authority, before }]
  const intermediate = active(view, 'intermediate')
  const candidates = below(view, before).filter(({ state }) => state === 'draining')
  const last = candidates.toSorted((a, b) => b.changedAt - a.changedAt || b.createdAt - a.createdAt)[0]
  if (intermediate === undefined || last === undefined || last.notAfter * 1000 <= now) {
    throw invalid('the intermediate of the old root cannot sign any more: it is too late to abort')
  }
  return [
    { current: authority, before },
    { current: intermediate, before: last },
  ]
}

/** An intermediate hands back below its own root alone: another root has its own turn. */
function youngestDraining(view: RotationView, { kind, id, issuer }: Authority, now: UnixMillis): Authority {
  const draining = view.authorities.filter(
    (one) => one.kind === kind && one.state === 'draining' && (kind !== 'intermediate' || one.issuer === issuer),
  )
  const last = draining.toSorted((a, b) => b.changedAt - a.changedAt)[0]
  if (last !== undefined && last.notAfter * 1000 > now) return last
  throw invalid(`no ${kind} is draining that \`${id}\` could hand back to: it is too late to abort`)
}

function takeOver({ kind, id }: Authority, verb: string): string {
  return `the ${kind} \`${id}\` is active: it can be ${verb} only while another is prepared to take over`
}

function merge<T extends { readonly id: string }>(before: readonly T[], changed: readonly T[]): readonly T[] {
  const byId = new Map(before.map((one) => [one.id, one]))
  for (const one of changed) byId.set(one.id, one)
  return [...byId.values()]
}
