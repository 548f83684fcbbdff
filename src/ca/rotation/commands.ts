import { AppError } from '../../kernel/errors.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authority, AuthorityKind } from '../authority.ts'
import type { ClosedGate } from './gates.ts'
import { inWords } from './next-step.ts'
import { invalid } from './transition.ts'

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

/** What the next authority of a kind is to be. */
export interface WantedSuccessor {
  readonly kind: AuthorityKind
  /** Absent: the configured one. */
  readonly keyType?: KeyType | undefined
  /** Whether the old root certifies the new one, so that nobody is waited for; absent: as configured. */
  readonly crossSign?: boolean | undefined
}

export interface PrepareCommand extends WantedSuccessor {
  readonly actor: string
  readonly reason: string
}

/** Refused while the gate is closed: what it waits for, and until when at most. */
export function notReady({ kind, id, state }: Authority, gate: ClosedGate): AppError {
  const until = new Date(gate.opensAt * 1000).toISOString()
  const what = state === 'prepared' ? 'cannot sign yet' : 'cannot leave yet'
  const hint =
    gate.reason === 'validity'
      ? 'abort it and prepare another, if the clock was wrong when it was made'
      : 'forced, with a reason, it does not wait'
  const message = `the ${kind} \`${id}\` ${what}: it waits for ${inWords(gate)}, until ${until} at most; ${hint}`
  return new AppError('authority.not_ready', message, { seen: String(gate.waitingFor.certificates), wanted: '0' })
}

/** The authority that is prepared already, if it is of the wanted type. */
export function sameType(authority: Authority, keyType: KeyType | undefined): Authority {
  if (keyType === undefined || keyType === authority.keyType) return authority
  throw invalid(`the ${authority.kind} \`${authority.id}\` of type ${authority.keyType} is prepared: abort it first`)
}
