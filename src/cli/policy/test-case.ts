import type { Supposed } from '../../decide/what-if.ts'
import type { Question } from '../../policy/request.ts'
import type { Refused } from './policy-set.ts'
import type { Wanted } from './wanted.ts'

/** One case of a test: what is supposed, and what must be decided of each request. */
export interface TestCase {
  readonly file: string
  readonly name: string
  /** Or what validation says of the policies. */
  readonly supposed: Supposed | Refused
  /** The policies are to be refused by validation, and nothing is to be decided. */
  readonly isInvalid: boolean
  readonly requests: readonly TestRequest[]
}

export interface TestRequest {
  /** Unique in its case. */
  readonly id: string
  readonly question: Question
  readonly wanted: Wanted
}
