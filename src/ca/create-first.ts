import type { Clock } from '../kernel/clock.ts'
import type { KeyType } from '../pki/key-types.ts'
import { type AuthorityPlan, type CreateDeps, createIntermediate, createRoot } from './create-authority.ts'
import type { Transition } from './rotation/transition.ts'

interface AuthorityOptions {
  readonly keyType: KeyType
  readonly ttl: number
}

/** What new authorities are made of. */
export interface AuthoritiesOptions {
  readonly trustDomain: string
  readonly root: AuthorityOptions
  readonly intermediate: AuthorityOptions
}

/** The first root and an intermediate below it: nobody has to be waited for, so that both are active at once. */
export async function createFirst(
  deps: CreateDeps & { readonly clock: Clock },
  options: AuthoritiesOptions,
): Promise<Transition> {
  const now = deps.clock.now()
  const planOf = (kind: 'root' | 'intermediate'): AuthorityPlan => {
    const { keyType, ttl } = options[kind]
    return { trustDomain: options.trustDomain, keyType, ttlSeconds: ttl, now, state: 'active' }
  }
  const root = await createRoot(deps, planOf('root'))
  const { authority } = await createIntermediate(deps, planOf('intermediate'), root)
  return { authorities: [{ ...root.authority, publishedSequence: 1 }, authority], rotations: [], bundleSequence: 1 }
}
