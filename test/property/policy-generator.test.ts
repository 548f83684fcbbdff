import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateResource } from '../../src/mesh/validate-resource.ts'
import { seededRandom } from '../support/der-mutations.ts'
import { drawRow } from '../support/reference/generator/rows.ts'
import { makeCredentials } from '../support/reference/generator/tokens.ts'
import { SEED } from '../support/test-seed.ts'

const ROWS = 2_000

test(`policy generator: Istio would accept every policy of ${ROWS} rows, seed ${SEED}`, () => {
  const dice = seededRandom(SEED)
  const credentials = makeCredentials()
  for (let index = 0; index < ROWS; index++) {
    for (const policy of drawRow(dice, credentials, 0).policies) {
      assert.deepEqual(validateResource(policy).errors, [], JSON.stringify(policy))
    }
  }
})
