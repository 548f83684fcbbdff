import type { UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import { isCrossedBy } from '../cross-chain.ts'
import { crossSign } from '../cross-sign.ts'
import type { CreateSuccessorDeps } from './create-successor.ts'
import { active } from './slots.ts'
import { invalid } from './transition.ts'

interface CrossSignRootDeps extends CreateSuccessorDeps {
  readonly log: Log
  /** What is done where a command does not say. */
  readonly plan: { readonly crossSign: boolean }
}

interface Wanted {
  /** Absent: as configured, and without it where the old root cannot sign. */
  readonly crossSign?: boolean | undefined
  readonly now: UnixMillis
}

/**
 * The root with a cross-certificate by the one that is active, in its chain; the same object where none is wanted or there
 * is one already. Wanted by a command and not possible: `authority.invalid_transition`.
 */
export async function crossSignRoot(root: Authority, wanted: Wanted, deps: CrossSignRootDeps): Promise<Authority> {
  const { crossSign: isWanted = deps.plan.crossSign, now } = wanted
  const old = active(deps.authorities.view(), 'root')
  if (!isWanted || (old !== undefined && isCrossedBy(root, old))) return root
  const problem = await problemOf(old, now, deps)
  if (old === undefined || problem !== null) {
    if (wanted.crossSign === true) throw invalid(`the new root cannot be cross-signed: ${problem}`)
    deps.log.warn('rotation.not_cross_signed', { authority: root.id, problem })
    return root
  }
  return { ...root, chain: [await crossSign(root, old, { ...deps, now })] }
}

/** `authority.invalid_transition` for a wish that is none of this kind's: only roots are certified by older ones. */
export function refuseUncrossable(kind: AuthorityKind, crossSign: boolean | undefined): void {
  if (crossSign === true && kind !== 'root') throw invalid(`only a root is cross-signed, and no ${kind}`)
}

async function problemOf(old: Authority | undefined, now: UnixMillis, deps: CrossSignRootDeps): Promise<string | null> {
  if (old === undefined) return 'no root is active'
  if (now / 1000 >= old.notAfter) return `the old root \`${old.id}\` has expired`
  if (!(await deps.keys.has(old.id))) return `the key of the old root \`${old.id}\` is not here`
  return null
}
