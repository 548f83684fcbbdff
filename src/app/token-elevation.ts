import { AppError } from '../kernel/errors.ts'

/** Identities with more rights than an operator has: administrators of any role, and the service itself. */
export interface Elevated {
  readonly admins: readonly { readonly identity: string }[]
  readonly own: string
}

/** Throws `auth.forbidden` when a join token would make its holder more than its maker: only the local administrator may. */
export function refuseElevation(
  request: { readonly identity: string; readonly actor: string },
  elevated: Elevated,
): void {
  if (request.actor === 'local') return
  const isElevated =
    request.identity === elevated.own || elevated.admins.some(({ identity }) => identity === request.identity)
  if (!isElevated) return
  throw new AppError(
    'auth.forbidden',
    'only the local administrator makes join tokens for this identity: it has a role here',
  )
}
