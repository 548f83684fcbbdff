import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCorpus } from '../support/corpus.ts'
import { differences } from '../support/reference/compare.ts'
import { evaluate } from '../support/reference/evaluate.ts'

/** The least number of requests that each file must hold, so that an empty file is no success. */
const FILES = [
  ['handwritten', 13_000],
  ['random-open', 8_900],
] as const

for (const [name, least] of FILES) {
  test(`reference: every row of ${name} agrees`, () => {
    const requests = readCorpus(name)
      .filter((row) => !row.tags.includes('invalid'))
      .flatMap((row) => row.requests.map((request) => ({ row, request })))
    assert.ok(requests.length >= least, `only ${requests.length} requests`)
    const wrong = requests.flatMap(({ row, request }) => {
      const fields = differences(request.outcome, evaluate(row, request))
      return fields.length === 0 ? [] : [`${request.id}: ${fields.join(', ')}`]
    })
    assert.deepEqual(wrong, [])
  })
}
