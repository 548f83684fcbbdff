import { AppError } from '../../kernel/errors.ts'
import type { Authority, AuthorityState } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import { prepared, type RotationView, rootOf } from '../rotation/slots.ts'
import { invalid, type Transition, withTransition } from '../rotation/transition.ts'

/**
 * Publishes imported authorities and lets nothing sign yet; those that are known keep their state with their new
 * certificate, but for roots that are only trusted: those come, begin and leave by their files. The sequence grows when the
 * bundle becomes another. Refused while another of the kind is prepared.
 */
export function toAdopted(view: RotationView, imported: readonly Authority[]): Transition {
  const byId = new Map(view.authorities.map((authority) => [authority.id, authority]))
  for (const one of imported) refuseSecond(view, one, stateOf(one, byId.get(one.id)))
  const isPublished = imported.some(({ kind }) => kind === 'root')
  const bundleSequence = view.bundleSequence + (isPublished ? 1 : 0)
  const authorities = imported.map((one) => toNext(one, byId.get(one.id), bundleSequence))
  const adopted = { authorities, rotations: [], bundleSequence }
  refuseRootless(withTransition(view, adopted))
  return adopted
}

/** A root may have left its place since the import was judged: what is prepared below it could never sign. */
function refuseRootless(view: RotationView): void {
  const next = prepared(view, 'intermediate')
  const root = next === undefined ? undefined : rootOf(view, next)
  if (next === undefined || root === undefined || root.state === 'active' || root.state === 'prepared') return
  throw invalid(`the root of the intermediate \`${next.id}\` is ${root.state} by now: import it again`)
}

/** With all that is ours to say of one that is known as it is now: it may have changed since the import was judged. */
function toNext(one: Authority, known: Authority | undefined, bundleSequence: number): Authority {
  const state = stateOf(one, known)
  const isPublished = known !== undefined && isTrusted(known)
  const publishedSequence = isPublished ? known.publishedSequence : one.kind === 'root' ? bundleSequence : 0
  const next = { ...one, state, publishedSequence }
  if (known === undefined || known.state !== state) return next
  const { createdAt, changedAt } = known
  return {
    ...next,
    createdAt,
    changedAt,
    chain: one.kind === 'root' && known.chain.length > 0 ? known.chain : one.chain,
  }
}

/** What was given up meanwhile stays so. */
function stateOf({ state }: Authority, known: Authority | undefined): AuthorityState {
  if (known === undefined || known.state === 'trusted') return state
  return known.state === 'retired' && state === 'trusted' ? state : known.state
}

function refuseSecond(view: RotationView, { id, kind }: Authority, state: AuthorityState): void {
  const other = state === 'prepared' ? prepared(view, kind) : undefined
  if (other === undefined || other.id === id) return
  const message = `the ${kind} \`${other.id}\` is prepared already: activate or abort it first`
  throw new AppError('authority.invalid_transition', message, { seen: other.id })
}
