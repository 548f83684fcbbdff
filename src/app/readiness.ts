import type { Authorities } from '../ca/authorities.ts'
import type { CrlPublisher } from '../ca/crl/crl-publisher.ts'
import type { RotationLoop } from '../ca/rotation/rotation-loop.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ClockWatch } from '../kernel/clock-watch.ts'
import { AppError } from '../kernel/errors.ts'
import type { Store } from '../store/open-store.ts'
import type { OpenedKeys } from './keys.ts'

/** Whether certificates can be issued; `problems` says in words what is wrong, also what does not stop issuing yet. */
export interface Readiness {
  readonly ok: boolean
  readonly problems: readonly string[]
}

/** Asks the store and the authorities, without I/O. */
export function readinessOf(parts: {
  readonly store: Pick<Store, 'healthy'>
  readonly keys: Pick<OpenedKeys, 'isDown' | 'problems'>
  readonly authorities: Pick<Authorities, 'issuing' | 'problems'>
  readonly rotation: Pick<RotationLoop, 'problems'>
  readonly crls: Pick<CrlPublisher, 'problems'>
  readonly imports: { problems(): readonly string[] }
  readonly clockWatch: Pick<ClockWatch, 'problems'>
  readonly clock: Clock
}): Readiness {
  const problems: string[] = []
  const { ok, reason } = parts.store.healthy()
  if (!ok) problems.push(`the record cannot be written: ${reason}`)
  let isAway = false
  try {
    const { signer } = parts.authorities.issuing(Math.floor(parts.clock.now() / 1000))
    isAway = signer.demandReady !== undefined && parts.keys.isDown() // a key from before the token signs without it
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    problems.push(error.message)
  }
  const isIssuing = problems.length === 0 && !isAway
  return {
    ok: isIssuing,
    problems: [
      ...problems,
      ...parts.keys.problems(),
      ...parts.authorities.problems,
      ...parts.rotation.problems,
      ...parts.crls.problems(),
      ...parts.imports.problems(),
      ...parts.clockWatch.problems,
    ],
  }
}
