import type { CaseResult, Failure } from './run-cases.ts'

/** The sum of all cases. */
export interface TestReport {
  readonly cases: number
  /** One for each request of each case. */
  readonly decisions: number
  readonly passed: number
  readonly failed: number
  /** The first 50. */
  readonly failures: readonly Failure[]
}

const MAX_FAILURES = 50

/** Sums up. */
export function toReport(results: readonly CaseResult[]): TestReport {
  const decisions = sum(results.map((result) => result.decisions))
  const failed = sum(results.map(({ failures }) => failures.length))
  return {
    cases: results.length,
    decisions,
    passed: decisions - failed,
    failed,
    failures: results.flatMap(({ failures }) => failures).slice(0, MAX_FAILURES),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** What `--output json` prints. */
export function toReportJson({ failures, ...sums }: TestReport): object {
  return {
    ...sums,
    failures: failures.map(({ case: name, request, wanted, got }) => ({ case: name, request, wanted, got })),
  }
}
