import type { Explained, WhatIf } from '../../decide/what-if.ts'
import type { Fault } from '../../kernel/errors.ts'
import { differences } from './compare.ts'
import type { Refused } from './policy-set.ts'
import type { TestCase, TestRequest } from './test-case.ts'
import type { Wanted } from './wanted.ts'

/** One request that was not decided as wanted. */
export interface Failure {
  readonly case: string
  readonly request: string
  readonly wanted: Wanted | { readonly invalid: true }
  readonly got: Partial<Explained['decision']> & Pick<Explained, 'upstream'> & { readonly invalid?: string }
  /** The fields that are not as wanted. */
  readonly fields: readonly string[]
}

/** What became of one case. */
export interface CaseResult {
  readonly file: string
  readonly name: string
  readonly decisions: number
  readonly failures: readonly Failure[]
}

/** Decides every request of a case; where its policies are refused, each of them counts as refused. */
export async function runCase(test: TestCase, decide: WhatIf): Promise<CaseResult> {
  const { file, name, requests, supposed, isInvalid } = test
  const result = { file, name, decisions: requests.length }
  if ('faults' in supposed) return { ...result, failures: isInvalid ? [] : requests.map(toRefused(test, supposed)) }
  const examine = decide(supposed)
  const failures: Failure[] = []
  for (const request of requests) {
    failures.push(...failureOf(test, request, await examine(request.question, { explain: false })))
  }
  return { ...result, failures }
}

function failureOf(test: TestCase, { id, wanted }: TestRequest, got: Explained): readonly Failure[] {
  const told = { case: test.name, request: id, got: toGot(got, wanted) }
  if (test.isInvalid) return [{ ...told, wanted: { invalid: true }, fields: ['invalid'] }]
  const fields = differences(wanted, got)
  return fields.length === 0 ? [] : [{ ...told, wanted, fields }]
}

/** What the workload would receive is told where it is wanted. */
function toGot({ decision, upstream }: Explained, wanted: Wanted): Failure['got'] {
  const isWanted = 'upstream' in wanted && wanted.upstream !== undefined
  return { ...decision, ...(isWanted && upstream !== undefined ? { upstream } : {}) }
}

function toRefused({ name }: TestCase, { faults }: Refused): (request: TestRequest) => Failure {
  const invalid = faults.map(toFaultText).join('; ')
  return ({ id, wanted }) => ({ case: name, request: id, wanted, got: { invalid }, fields: ['invalid'] })
}

function toFaultText({ document, path, message, suggestion }: Fault): string {
  const hint = suggestion === undefined ? '' : ` (did you mean \`${suggestion}\`?)`
  return `document ${document}${path === '' ? '' : ` ${path}`}: ${message}${hint}`
}
