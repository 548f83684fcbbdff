import type { UnixMillis } from '../../kernel/clock.ts'
import type { Authority, Rotation } from '../authority.ts'
import { isTrusted } from '../build-bundle.ts'
import type { RotationView } from './slots.ts'
import { type Transition, unchanged } from './transition.ts'

export interface ForgetPlan {
  /** How long an authority is kept once it has expired and has left; null: for ever. */
  readonly retainSeconds: number | null
  /** How far clocks of certificate readers may be behind. */
  readonly skewSeconds: number
}

/** A CRL names what has ended for a day. */
const LEAST_SECONDS = 86_400
/** Ended rotations that are shown. */
const ROTATIONS_KEPT = 100

/** Authorities that nobody asks for any more: they have left, and nothing below them can be on the record. */
export function forgettable(view: RotationView, now: UnixMillis, plan: ForgetPlan): readonly Authority[] {
  const { retainSeconds, skewSeconds } = plan
  if (retainSeconds === null) return []
  const isOver = ({ notAfter, changedAt }: Authority) =>
    now / 1000 > Math.max(notAfter, changedAt / 1000) + skewSeconds + Math.max(retainSeconds, LEAST_SECONDS)
  const old = view.authorities.filter((one) => !isTrusted(one) && isOver(one))
  const goes = new Set(old.map(({ id }) => id))
  return old.filter((one) => one.kind !== 'intermediate' || !isLastProof(view, one, goes))
}

/** The last intermediate below a root says that the root has signed: an import of that root is judged by it. */
function isLastProof(view: RotationView, { id, issuer }: Authority, goes: ReadonlySet<string>): boolean {
  const isRootHere = view.authorities.some((one) => one.id === issuer) && !goes.has(issuer)
  if (!isRootHere) return false
  const below = view.authorities.filter((one) => one.kind === 'intermediate' && one.issuer === issuer)
  const staying = below.filter((one) => !goes.has(one.id))
  return staying.length === 0 && below.at(-1)?.id === id
}

/** Without these authorities, the rotations to them, and all but the last of those that have ended; null: no change. */
export function toForgotten(view: RotationView, gone: readonly Authority[]): Transition | null {
  const ids = new Set(gone.map(({ id }) => id))
  const ended = view.rotations
    .filter((one): one is Rotation & { readonly endedAt: UnixMillis } => one.endedAt !== null)
    .toSorted((a, b) => b.endedAt - a.endedAt)
  const rotations = ended.filter(({ to }, index) => index >= ROTATIONS_KEPT || ids.has(to))
  const forgotten = [...ids, ...rotations.map(({ id }) => id)]
  return forgotten.length === 0 ? null : { ...unchanged(view), forgotten }
}
