import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { corpusText, readCorpus } from '../support/corpus.ts'

const ROOT = join(import.meta.dirname, '../..')
const UPSTREAM = join(ROOT, '../shared/conformance')
const skip = existsSync(UPSTREAM) ? false : `${UPSTREAM} is not there: the vendored copy stands alone`
const NAMES = ['handwritten', 'random-open', 'validation'] as const

for (const name of NAMES) {
  test(`corpus: ${name} is the copy of what was handed over`, { skip }, () => {
    assert.ok(corpusText(name) === readFileSync(join(UPSTREAM, `${name}.jsonl`), 'utf8'), `${name}.jsonl differs`)
  })
}

test('corpus: the description is the copy of what was handed over', { skip }, () => {
  const [vendored, upstream] = [join(import.meta.dirname, 'corpus'), UPSTREAM].map((directory) =>
    readFileSync(join(directory, 'SCHEMA.md'), 'utf8'),
  )
  assert.equal(vendored, upstream)
})

test('corpus: rows are there', () => {
  assert.equal(readCorpus('validation').length, 272)
  assert.ok(readCorpus('handwritten').length > 500)
  assert.ok(readCorpus('random-open').length > 500)
})
