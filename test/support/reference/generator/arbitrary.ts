import fc from '../../fast-check.ts'
import { drawRow, type OpenRow } from './rows.ts'
import type { Credentials } from './tokens.ts'

/** The rows of `drawRow` as an arbitrary: fast-check throws the dice, so that it can shrink towards simple faces. */
export function arbitraryRow(credentials: Credentials): fc.Arbitrary<OpenRow> {
  return fc.gen().map((gen) => drawRow((sides) => gen(fc.nat, { max: sides - 1 }), credentials, 2))
}
