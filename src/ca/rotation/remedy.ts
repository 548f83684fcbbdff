import type { UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Authority } from '../authority.ts'
import { active, isValidAt, type RotationView } from './slots.ts'
import { toAborted } from './to-aborted.ts'

/**
 * What to do about an active authority that is not valid yet, in words: the clock is behind, or it was ahead when the
 * authority was made, and only a person can tell which.
 */
export function remedyOf(view: RotationView, authority: Authority, now: UnixSeconds): string {
  const begin = new Date(authority.notBefore * 1000).toISOString()
  const command = commandOf(view, authority, now)
  return `it is from ${begin} on: set the clock right, or, if it was ahead when that one was made, run \`alcazar authority ${command}\``
}

/** Back to one that is valid where it is there still, else on to another. */
function commandOf(view: RotationView, authority: Authority, now: UnixSeconds): string {
  const root = authority.kind === 'jwt' ? undefined : active(view, 'root')
  for (const one of [authority, root]) if (one !== undefined && canAbort(view, one, now)) return `abort ${one.id}`
  const isBelowWrong = root !== undefined && !isValidAt(root, now * 1000)
  return `rotate --kind ${isBelowWrong ? 'root' : authority.kind}`
}

function canAbort(view: RotationView, { id }: Authority, now: UnixSeconds): boolean {
  try {
    toAborted(view, id, now * 1000)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'authority.invalid_transition') return false
    throw error
  }
}
