import { addError, addWarning, type FindingDetail, type Report, toFinding } from '../finding.ts'
import type { FindingCode } from '../finding-codes.ts'

/** Says what istiod's webhook says of one object. */
export interface Objector {
  readonly error: (path: string, code: FindingCode, detail?: FindingDetail) => void
  readonly warning: (path: string, code: FindingCode) => void
}

export function toObjector(report: Report): Objector {
  return {
    error: (path, code, detail = {}) => addError(report, toFinding('webhook', { path, code }, detail)),
    warning: (path, code) => addWarning(report, toFinding('webhook', { path, code })),
  }
}

/** Objects to each value of a list for which `problemOf` has a code. */
export function checkEach(
  values: readonly string[] | undefined,
  at: { readonly path: string; readonly say: Objector },
  problemOf: (value: string) => FindingCode | null,
): void {
  for (const [i, value] of (values ?? []).entries()) {
    const code = problemOf(value)
    if (code !== null) at.say.error(`${at.path}[${i}]`, code, value === '' ? {} : { seen: value })
  }
}

export function problemOfEmpty(value: string): FindingCode | null {
  return value === '' ? 'value-empty' : null
}
