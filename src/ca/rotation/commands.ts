import { randomUUID } from 'node:crypto'
import type { UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authority, AuthorityKind, Rotation } from '../authority.ts'
import type { Gate } from './gates.ts'
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
}

export interface PrepareCommand {
  readonly kind: AuthorityKind
  readonly keyType?: KeyType | undefined
  readonly actor: string
  readonly reason: string
}

/** Refused while the gate is closed: how many it waits for, and until when at most. */
export function notReady({ kind, id }: Authority, { waitingFor }: Extract<Gate, { readonly open: false }>): AppError {
  const until = new Date(waitingFor.latestExpiry * 1000).toISOString()
  const message = `the ${kind} \`${id}\` waits for ${inWords(waitingFor)}, until ${until} at most`
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
