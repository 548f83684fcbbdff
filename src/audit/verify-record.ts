import { AppError } from '../kernel/errors.ts'
import type { AuditStore, CheckStep } from './audit-store.ts'
import type { RecordProblem } from './record-problem.ts'
import { type Link, LOGS, type LogName } from './row.ts'

/** How far a verification came: `next` is the cursor to go on with, null at the end or at the first problem. */
export interface Verification {
  readonly checked: number
  readonly problem: RecordProblem | null
  readonly next: string | null
}

/** Holds the store's thread for some milliseconds; certificates are recorded between two steps. */
const STEP_ROWS = 500
/** Of one answer: within a second. */
const STEPS = 40

interface Place {
  readonly log: LogName
  /** Null: at the beginning of the log. */
  readonly after: Link | null
}

/** Verifies a bounded part of the record while it is in use: all the intents, then the results, then the actions. */
export async function verifyRecord(
  store: Pick<AuditStore, 'checkRecord'>,
  cursor: string | null,
): Promise<Verification> {
  let place: Place | null = cursor === null ? { log: LOGS[0], after: null } : parseCursor(cursor)
  let checked = 0
  for (let steps = 0; steps < STEPS && place !== null; steps++) {
    const step: CheckStep = await store.checkRecord({ ...place, limit: STEP_ROWS })
    checked += step.checked
    if (step.problem !== null) return { checked, problem: step.problem, next: null }
    place = nextPlace(place.log, step)
  }
  return { checked, problem: null, next: place === null ? null : toCursor(place) }
}

function nextPlace(log: LogName, { isDone, last }: CheckStep): Place | null {
  if (!isDone) return { log, after: last }
  const next = LOGS[LOGS.indexOf(log) + 1]
  return next === undefined ? null : { log: next, after: null }
}

const CURSOR = /^(intents|results|actions)(?:\.(\d{1,16})\.([0-9a-f]{64}))?$/

function toCursor({ log, after }: Place): string {
  return after === null ? log : `${log}.${after.sequence}.${after.hash}`
}

function parseCursor(text: string): Place {
  const [, name, sequence, hash] = CURSOR.exec(text) ?? []
  const log = LOGS.find((one) => one === name)
  if (log === undefined) throw new AppError('request.malformed', '`after` is not a cursor of an earlier answer')
  const after = sequence === undefined || hash === undefined ? null : { sequence: Number(sequence), hash }
  return { log, after }
}
