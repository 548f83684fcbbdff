import type { DecisionEvent, DecisionObserver } from '../decide/observer.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { StartupError } from '../kernel/startup-error.ts'
import { toDecisionLine } from './decision-line.ts'
import { compileSecretHeaders } from './redact.ts'
import { RotatingFile } from './rotating-file.ts'

export interface DecisionLogOptions {
  readonly path: string
  /** Share of decisions that are written, 0 to 1. */
  readonly sample: number
  /** Bytes. */
  readonly maxSize: number
  readonly redactHeaders: readonly string[]
}

export interface DecisionLogDeps {
  readonly clock: Clock
  readonly log: Log
  /** From 0 to below 1. */
  readonly random: () => number
  readonly onLost: (decisions: number) => void
}

/** The open decision log. */
export interface DecisionLog extends DecisionObserver {
  /** Writes what waits. */
  close(): Promise<void>
}

/** Decisions that wait to become lines; they do so once the answers of this turn are on their way. */
const MAX_PENDING = 4_096

/** Opens the decision log; `StartupError` when its file cannot be written. */
export async function openDecisionLog(options: DecisionLogOptions, deps: DecisionLogDeps): Promise<DecisionLog> {
  const { clock, log, random, onLost } = deps
  const file = await openFile(options, onLost)
  const isSecret = compileSecretHeaders(options.redactHeaders)
  let pending: (readonly [event: DecisionEvent, at: number])[] = []
  const writePending = () => {
    const taken = pending
    pending = []
    for (const [event, at] of taken) {
      try {
        file.write(toDecisionLine(event, new Date(at).toISOString(), isSecret))
      } catch (error) {
        log.error('decision_log.failed', { error }) // a bug of ours must not end a service that decides
        onLost(1)
      }
    }
  }
  return {
    decided(event) {
      if (options.sample < 1 && random() >= options.sample) return
      if (pending.length >= MAX_PENDING) return onLost(1)
      if (pending.push([event, clock.now()]) === 1) setImmediate(writePending)
    },
    async close() {
      writePending()
      await file.close()
    },
  }
}

async function openFile({ path, maxSize }: DecisionLogOptions, onLost: (lines: number) => void): Promise<RotatingFile> {
  try {
    return await RotatingFile.open({ path, maxSize, onLost })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartupError('config.invalid', `decisions.log.path: \`${path}\` cannot be written: ${why}`, cause)
  }
}
