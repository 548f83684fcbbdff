import { randomUUID } from 'node:crypto'
import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authority, AuthorityKind, Rotation } from '../authority.ts'
import type { ClosedGate } from './gates.ts'
import { inWords } from './next-step.ts'
import type { RotationView } from './slots.ts'
import { invalid, type Transition } from './transitions.ts'

/** Somebody's wish about one authority. */
export interface AuthorityCommand {
  readonly id: string
  readonly actor: string
  readonly reason: string
  /** Lets it happen although a gate is closed. */
  readonly isForced: boolean
  /** Of an activation: whether the old root certifies the new one; absent: as configured. */
  readonly crossSign?: boolean | undefined
}

export interface PrepareCommand {
  readonly kind: AuthorityKind
  readonly keyType?: KeyType | undefined
  /** Whether the old root certifies the new one, so that nobody is waited for; absent: as configured. */
  readonly crossSign?: boolean | undefined
  readonly actor: string
  readonly reason: string
}

/** Refused while the gate is closed: how many it waits for, and until when at most. */
export function notReady({ kind, id, state }: Authority, { waitingFor, opensAt }: ClosedGate): AppError {
  const until = new Date(opensAt * 1000).toISOString()
  const what = state === 'prepared' ? 'cannot sign yet' : 'cannot leave yet'
  const wait = `it waits for ${inWords(waitingFor)}, until ${until} at most`
  const message = `the ${kind} \`${id}\` ${what}: ${wait}; forced, with a reason, it does not wait`
  return new AppError('authority.not_ready', message, { seen: String(waitingFor.certificates), wanted: '0' })
}

/** The authority that is prepared already, if it is of the wanted type. */
export function sameType(authority: Authority, keyType: KeyType | undefined): Authority {
  if (keyType === undefined || keyType === authority.keyType) return authority
  throw invalid(`the ${authority.kind} \`${authority.id}\` of type ${authority.keyType} is prepared: abort it first`)
}

/** A transition that moves no authority. */
export function unchanged({ bundleSequence }: RotationView): Transition {
  return { authorities: [], rotations: [], bundleSequence }
}

/** A rotation that begins. */
export function toRotation(
  { kind, reason, actor }: PrepareCommand,
  { from, to, startedAt }: { readonly from: string; readonly to: string; readonly startedAt: UnixMillis },
): Rotation {
  const none = { activatedAt: null, endedAt: null, forced: false }
  return { id: `rot_${randomUUID()}`, kind, from, to, state: 'distributing', reason, actor, startedAt, ...none }
}
