import type { Clock, UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authority } from '../authority.ts'
import type { WantedSuccessor } from './commands.ts'
import { type CreateSuccessorDeps, createNextIntermediate, createNextRoot } from './create-successor.ts'
import { crossSignRoot, refuseUncrossable } from './cross-sign-root.ts'
import { beginningRoot, pairOf, type RotationView } from './slots.ts'
import { toActive } from './to-active.ts'
import { type Transition, unchanged } from './transition.ts'

export interface SuccessorDeps extends CreateSuccessorDeps {
  readonly clock: Clock
  readonly log: Log
  readonly plan: { readonly crossSign: boolean }
  /** Creates a JWT signing key that is published and does not sign yet. */
  readonly createJwt: (wanted: {
    readonly now: UnixMillis
    readonly keyType?: KeyType | undefined
  }) => Promise<Authority>
}

/** The next authority of a kind, with a key of its own; nothing is stored but the key. */
export async function createNext(deps: SuccessorDeps, wanted: WantedSuccessor): Promise<Authority> {
  const { kind, keyType, crossSign } = wanted
  refuseUncrossable(kind, crossSign)
  const now = deps.clock.now()
  if (kind === 'jwt') return deps.createJwt({ now, keyType })
  if (kind === 'intermediate') return createNextIntermediate(deps, { now, keyType })
  return crossSignRoot(await createNextRoot(deps, { now, keyType }), { now, crossSign }, deps)
}

/** The root that is to begin with a prepared authority, certified by the old one where that is wanted. */
export async function toCrossed(
  deps: SuccessorDeps,
  authority: Authority,
  { crossSign }: Pick<WantedSuccessor, 'crossSign'>,
): Promise<Transition> {
  const view = deps.authorities.view()
  const root = beginningRoot(view, authority)
  refuseUncrossable(root === null ? authority.kind : 'root', crossSign)
  const crossed = root === null ? null : await crossSignRoot(root, { now: deps.clock.now(), crossSign }, deps)
  return { ...unchanged(view), authorities: crossed === null || crossed === root ? [] : [crossed] }
}

/** A root takes over together with an intermediate of its own; one that was imported with it is there already. */
export async function toSigning(deps: SuccessorDeps, view: RotationView, authority: Authority): Promise<Transition> {
  const now = deps.clock.now()
  const { begins, successor } = pairOf(view, authority, now)
  if (begins.kind !== 'root' || successor !== null) return toActive(view, { id: begins.id, successor, now })
  const made = await createNextIntermediate(deps, { now, root: begins })
  return toActive(view, { id: begins.id, successor: made, now })
}
