import type { FindingCode } from '../finding-codes.ts'

/** Says one thing about a place of a valid resource. */
export type Remark = (path: string, code: FindingCode, seen?: string) => void

/** Remarks on each value of a list for which `codeOf` has a code. */
export function remarkEach(
  values: readonly string[] | undefined,
  at: { readonly path: string; readonly say: Remark },
  codeOf: (value: string) => FindingCode | null,
): void {
  for (const [i, value] of (values ?? []).entries()) {
    const code = codeOf(value)
    if (code !== null) at.say(`${at.path}[${i}]`, code, value)
  }
}

/** A `*` that is neither alone, nor first, nor last, or one too many, is only a character (Envoy's string matchers). */
export function hasLiteralStar(pattern: string): boolean {
  if (pattern.startsWith('*')) return pattern.includes('*', 1)
  return pattern.slice(0, -1).includes('*')
}
