import type { LogName } from './row.ts'

/** Why the record is not what it was. */
export type ProblemReason = 'changed' | 'missing' | 'unreadable' | 'forked'

/** The first row that does not fit. */
export interface RecordProblem {
  readonly log: LogName
  readonly sequence: number
  readonly reason: ProblemReason
  /** In words, for people. */
  readonly message: string
}

const WORDS: Readonly<Record<ProblemReason, string>> = {
  changed: 'does not fit: it was changed after it was written',
  missing: 'is missing: it was taken away, or written under another number',
  unreadable: 'cannot be read: the file is damaged',
  forked: 'is another than before: the record was written anew, or restored from a backup',
}

/** Where to look when a row does not fit to the one before: it was changed, or what stood between was taken away. */
export function faultAt(before: number, sequence: number): readonly [sequence: number, reason: 'changed' | 'missing'] {
  return sequence > before + 1 ? [before + 1, 'missing'] : [sequence, 'changed']
}

/** The problem with its words. */
export function toProblem(log: LogName, sequence: number, reason: ProblemReason): RecordProblem {
  return { log, sequence, reason, message: `row ${sequence} of ${log} ${WORDS[reason]}` }
}
