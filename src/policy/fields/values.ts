import type { Attributes } from '../attributes.ts'
import type { IndexKey } from '../field-test.ts'

/** The values of one field, compiled: whether one of them matches. */
export interface CompiledValues {
  readonly keys: readonly IndexKey[] | null
  readonly matches: (attributes: Attributes) => boolean
  /** True where the proxy did not tell the attribute: neither a value nor its absence is known. */
  readonly isUnknown?: (attributes: Attributes) => boolean
}

/** Index keys of plain values; null where one of them is a wildcard. */
export function literalKeys(values: readonly string[]): readonly IndexKey[] | null {
  return values.every((value) => !value.startsWith('*') && !value.endsWith('*'))
    ? values.map((text) => ({ text, prefix: false }))
    : null
}
