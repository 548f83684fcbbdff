import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../support/der-mutations.ts'
import { engineDecide } from '../support/engine.ts'
import { differences } from '../support/reference/compare.ts'
import { evaluate } from '../support/reference/evaluate.ts'
import { drawRow } from '../support/reference/generator/rows.ts'
import { type Case, shrinkCase } from '../support/reference/generator/shrink.ts'
import { makeCredentials } from '../support/reference/generator/tokens.ts'
import type { Outcome } from '../support/reference/row.ts'
import { SEED } from '../support/test-seed.ts'

const ROWS = 5_000
const REQUESTS_PER_ROW = 10

interface Comparison {
  readonly wanted: Outcome
  readonly got: Outcome
  /** The fields in which the engine and the reference differ. */
  readonly fields: readonly string[]
}

async function compare({ row, request }: Case): Promise<Comparison> {
  const wanted = evaluate(row, request)
  const got = await engineDecide(row, request)
  return { wanted, got, fields: differences(wanted, got) }
}

/** The smallest row that shows the disagreement, as a line for `alcazar policy test`. */
async function report(found: Case): Promise<string> {
  const smallest = await shrinkCase(found, async (smaller) => (await compare(smaller)).fields.length > 0)
  const { wanted, got, fields } = await compare(smallest)
  const line = { name: 'differential', ...smallest.row, requests: [{ ...smallest.request, outcome: wanted }] }
  return `seed ${SEED}: ${fields.join(', ')}\nengine: ${JSON.stringify(got)}\n${JSON.stringify(line)}`
}

test(`policy: engine and reference agree on ${ROWS * REQUESTS_PER_ROW} random requests, seed ${SEED}`, async () => {
  const dice = seededRandom(SEED)
  const credentials = makeCredentials()
  for (let index = 0; index < ROWS; index++) {
    const { requests, ...row } = drawRow(dice, credentials, REQUESTS_PER_ROW)
    for (const request of requests) {
      const { fields } = await compare({ row, request })
      if (fields.length > 0) assert.fail(await report({ row, request }))
    }
  }
})
