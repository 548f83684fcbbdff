import { type ProblemReason, type RecordProblem, toProblem } from './record-problem.ts'
import type { LogName } from './row.ts'

/** What is wrong with an export; the message is in words, for people. */
export class MalformedExport extends Error {
  override name = 'MalformedExport'
  /** The first row that does not fit, where it is one. */
  readonly problem: RecordProblem | null

  constructor(message: string, problem: RecordProblem | null = null) {
    super(message)
    this.problem = problem
  }

  /** A row that does not fit. */
  static row(log: LogName, sequence: number, reason: ProblemReason): MalformedExport {
    const problem = toProblem(log, sequence, reason)
    return new MalformedExport(problem.message, problem)
  }
}
