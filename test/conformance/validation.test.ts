import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../src/mesh/finding.ts'
import { validateResource } from '../../src/mesh/validate-resource.ts'
import { readCorpus, type ValidationRow } from '../support/corpus.ts'

/** Said of a null by the API server only because of the order in which it looks; the webhook's objection is the same. */
const ECHOES: ReadonlySet<string> = new Set(['ra-fromheaders-null schema:fromheaders-name'])

for (const row of readCorpus('validation')) {
  test(`validation: ${row.name}`, () => {
    const { resource, errors, warnings } = validateResource(row.object)
    assert.equal(resource !== null, row.valid)
    assert.equal(!errors.some(({ layer }) => layer === 'schema'), row.validForSchema, 'validForSchema')
    assert.equal(!errors.some(({ layer }) => layer !== 'schema'), row.validForWebhook, 'validForWebhook')
    assert.deepEqual(toErrors(errors), wantedErrors(row))
    assert.deepEqual(distinct(warnings.map(({ code }) => code)), distinct(row.warnings.map(({ code }) => code)))
  })
}

for (const corpus of ['handwritten', 'random-open'] as const) {
  test(`validation: of the policies of ${corpus} those of rows tagged invalid are refused, and no others`, () => {
    for (const { name, tags, policies } of readCorpus(corpus)) {
      const refused = policies.filter((policy) => validateResource(policy).resource === null)
      assert.equal(refused.length > 0, tags.includes('invalid'), name)
    }
  })

  test(`validation: the policies of ${corpus} are stored as they were written`, () => {
    for (const { name, policies } of readCorpus(corpus)) {
      for (const policy of policies) {
        const { resource } = validateResource(policy)
        if (resource !== null) assert.deepEqual(resource, policy, name)
      }
    }
  })
}

function toErrors(errors: readonly Finding[]): readonly string[] {
  return distinct(errors.map(({ layer, code }) => `${layer}:${code}`))
}

function wantedErrors({ name, errors }: ValidationRow): readonly string[] {
  const all = errors.map(({ layer, code }) => `${layer}:${code}`)
  return distinct(all.filter((error) => !ECHOES.has(`${name} ${error}`)))
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort()
}
