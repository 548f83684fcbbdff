import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { RandomBytes } from '../../kernel/random.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authorities } from '../authorities.ts'
import type { Authority } from '../authority.ts'
import { type AuthorityPlan, createIntermediate, createRoot } from '../create-authority.ts'
import type { KeyProvider } from '../key-provider.ts'
import { active, isValidAt } from './slots.ts'

export interface CreateSuccessorDeps {
  readonly authorities: Authorities
  readonly keys: KeyProvider
  readonly random: RandomBytes
}

/** A new root that nobody trusts yet. */
export async function createNextRoot(deps: CreateSuccessorDeps, wanted: Wanted): Promise<Authority> {
  return (await createRoot(deps, planOf(deps, 'root', wanted))).authority
}

/** A new intermediate below a root of ours, whose key has to be here: the active root, unless another is named. */
export async function createNextIntermediate(
  deps: CreateSuccessorDeps,
  { root = active(deps.authorities.view(), 'root'), ...wanted }: Wanted & { readonly root?: Authority | undefined },
): Promise<Authority> {
  if (root === undefined || !isValidAt(root, wanted.now)) {
    throw new AppError(
      'authority.invalid_transition',
      'there is no valid root to sign an intermediate: rotate the root',
    )
  }
  const signer = await deps.authorities.signerOf(root)
  return (await createIntermediate(deps, planOf(deps, 'intermediate', wanted), { authority: root, signer })).authority
}

/** When, and of what type where it is not the configured one. */
export interface Wanted {
  readonly now: UnixMillis
  readonly keyType?: KeyType | undefined
}

function planOf({ authorities }: CreateSuccessorDeps, kind: 'root' | 'intermediate', wanted: Wanted): AuthorityPlan {
  const { trustDomain, [kind]: options } = authorities.options
  const { now, keyType = options.keyType } = wanted
  return { trustDomain, keyType, ttlSeconds: options.ttl, now, state: 'prepared' }
}
