import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runFiles } from '../../src/cli/policy/test-policies.ts'
import { toReport } from '../../src/cli/policy/test-report.ts'

const CORPUS = join(import.meta.dirname, 'corpus')

test('corpus: `policy test` agrees with every row that Envoy answered', async () => {
  const files = ['handwritten', 'random-open'].map((name) => join(CORPUS, `${name}.jsonl.gz`))
  const { cases, decisions, passed, failed, failures } = toReport(await runFiles(files, { now: Date.now }))
  assert.deepEqual(failures, [])
  assert.equal(failed, 0)
  assert.equal(passed, decisions)
  assert.ok(cases >= 1_700, `${cases} cases`)
  assert.ok(decisions > 22_000, `${decisions} decisions`)
})
