import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lintResource } from '../../src/mesh/lint-resource.ts'
import { validateResource } from '../../src/mesh/validate-resource.ts'
import { readCorpus } from '../support/corpus.ts'
import fc from '../support/fast-check.ts'

const objects = readCorpus('validation').map(({ object }) => object)
const anyObject = fc.constantFrom(...objects)

/** `value` with one place of it, found by `steps`, replaced. */
function replaced(value: unknown, steps: readonly number[], other: unknown): unknown {
  const [step = 0, ...rest] = steps
  if (typeof value !== 'object' || value === null || steps.length === 0) return other
  const keys = Object.keys(value)
  const key = keys[step % Math.max(keys.length, 1)]
  if (key === undefined) return other
  if (!Array.isArray(value)) return { ...value, [key]: replaced(value[key as keyof typeof value], rest, other) }
  return value.map((element: unknown, i) => (String(i) === key ? replaced(element, rest, other) : element))
}

test('validate: whatever the JSON, there is a verdict and no exception', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      assert.equal(validateResource(value).resource, null)
    }),
  )
})

test('validate: a valid object with anything anywhere is judged, and what is stored is valid again', () => {
  fc.assert(
    fc.property(
      anyObject,
      fc.array(fc.nat(20), { maxLength: 9 }),
      fc.jsonValue({ maxDepth: 3 }),
      (object, steps, other) => {
        const { resource, errors } = validateResource(replaced(object, steps, other))
        assert.equal(resource === null, errors.length > 0)
        if (resource === null) return
        lintResource(resource)
        assert.deepEqual(validateResource(resource), { ...validateResource(resource), resource, errors: [] })
        assert.equal(
          JSON.stringify(validateResource(JSON.parse(JSON.stringify(resource))).resource),
          JSON.stringify(resource),
        )
      },
    ),
    { numRuns: 3_000 },
  )
})
