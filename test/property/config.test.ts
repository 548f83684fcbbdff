import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overridable, variableOf } from '../../src/config/environment.ts'
import { resolveConfig } from '../../src/config/load-config.ts'
import { ConfigError } from '../../src/config/problems.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { configSchema } from '../../src/config/schema.ts'
import fc from '../support/fast-check.ts'

const entries = [...overridable(configSchema)]

/** Words that mean something in a configuration, so that values get past the first check now and then. */
const word = fc.constantFrom(
  'off',
  'kubernetes',
  '1h',
  '64KiB',
  '5/s',
  '127.0.0.1:0',
  'ec-p256',
  'spiffe://a/b',
  '__proto__',
)
const keyName = fc.oneof(
  fc.constantFrom(...entries.flatMap(({ path }) => path.split('.'))),
  word,
  fc.string({ maxLength: 8 }),
)
const { tree } = fc.letrec((tie) => ({
  leaf: fc.oneof(word, fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(keyName, tie('tree'), { maxKeys: 6 }),
  ),
}))

/** The result of a use of the configuration: fine, or a `ConfigError` with problems, and nothing else. */
function isAnswered(use: () => unknown): void {
  try {
    use()
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.ok(error.problems.length > 0)
  }
}

test('whatever the file says, the answer is a configuration or a ConfigError', () => {
  fc.assert(
    fc.property(tree, (written) => isAnswered(() => resolveConfig(written, { env: {} }))),
    { numRuns: 2_000 },
  )
})

test('whatever stands at one key, the answer is a configuration or a ConfigError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...entries), tree, ({ path }, value) => {
      const written = path.split('.').reduceRight<unknown>((below, name) => ({ [name]: below }), value)
      isAnswered(() => resolveConfig(written, { env: {} }))
    }),
    { numRuns: 3_000 },
  )
})

test('whatever a variable says, the answer is a configuration or a ConfigError', () => {
  const text = fc.oneof(word, fc.string(), fc.json())
  fc.assert(
    fc.property(fc.constantFrom(...entries), text, ({ path }, value) => {
      isAnswered(() => resolveConfig(null, { env: { [variableOf(path)]: value } }))
    }),
    { numRuns: 2_000 },
  )
})

test('whatever bytes the file has, the answer is a value or a ConfigError', () => {
  const yamlText = fc
    .string({ unit: fc.constantFrom(...'ab:-?&*!|>{}[],#"\'%@ \n\t0'), maxLength: 60 })
    .map((text) => Buffer.from(text))
  fc.assert(
    fc.property(fc.oneof(yamlText, fc.uint8Array({ maxLength: 60 })), (bytes) =>
      isAnswered(() => readYaml(bytes, 'a.yaml')),
    ),
    { numRuns: 3_000 },
  )
})
