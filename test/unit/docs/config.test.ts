import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeConfig } from '../../../src/config/describe.ts'
import { overridable } from '../../../src/config/environment.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { codeRows, readDoc } from '../../support/markdown.ts'

test('docs/config.md is what the schema says (node scripts/docs-config.ts writes it)', () => {
  assert.equal(readDoc('config.md'), describeConfig())
})

test('docs/config.md has a row for every key, and each says what it means', () => {
  const rows = codeRows(describeConfig().replaceAll('\\|', '/'))
  const keys = rows.map(([path]) => path)
  const sections = new Set([...overridable(configSchema)].map(({ path }) => path.split('.').slice(0, -1).join('.')))
  for (const { path } of overridable(configSchema)) assert.ok(keys.includes(path) || sections.has(path), path)
  for (const row of rows) {
    assert.equal(row.length, 5, row.join(' '))
    assert.match(row[4] ?? '', /\.\*?$/, row.join(' '))
  }
})
