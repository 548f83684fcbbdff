import type { UnixMillis } from '../../kernel/clock.ts'
import type { Authority, Rotation } from '../authority.ts'
import { active, prepared, type RotationView, rootOf } from './slots.ts'
import { ended, find, inState, invalid, type Transition } from './transition.ts'

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
  const { id, kind, state, notBefore, notAfter } = next
  if (state !== 'prepared') throw invalid(`the ${kind} \`${id}\` is ${state}, not prepared`)
  if (now >= notAfter * 1000) throw invalid(`the ${kind} \`${id}\` has expired: abort it and prepare another`)
  if (now < notBefore * 1000) throw invalid(`the ${kind} \`${id}\` is not valid yet: abort it and prepare another`)
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
