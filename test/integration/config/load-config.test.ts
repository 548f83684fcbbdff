import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problems.ts'

const directory = mkdtempSync(join(tmpdir(), 'alcazar-config-'))
after(() => rmSync(directory, { recursive: true }))

function fileWith(text: string): string {
  const file = join(directory, 'alcazar.yaml')
  writeFileSync(file, text)
  return file
}

test('no file: defaults', () => assert.equal(loadConfig({ env: {} }).trustDomain, 'cluster.local'))

test('a file, with the environment and the command line over it', () => {
  const file = fileWith('trustDomain: a.local\nissuance: { defaultTtl: 30m, maxTtl: 2h }\nlisten: { decisions: off }\n')
  const config = loadConfig({ file, env: { ALCAZAR_ISSUANCE_MAX_TTL: '3h' }, overrides: { dataDir: directory } })
  assert.deepEqual(
    [config.trustDomain, config.issuance.defaultTtl, config.issuance.maxTtl, config.dataDir],
    ['a.local', 1_800, 10_800, directory],
  )
})

test('every problem of a file at once', () => {
  const file = fileWith('trustDomian: a\nlimits: { rate: 0 }\nissuance: { maxTtl: 40d }\n')
  assert.throws(
    () => loadConfig({ file, env: { ALCAZAR_NOPE: '1' } }),
    (error) => {
      assert.ok(error instanceof ConfigError)
      const paths = error.problems.map(({ path }) => path)
      assert.deepEqual(paths, ['ALCAZAR_NOPE', 'trustDomian', 'limits.rate', 'issuance.maxTtl'])
      return true
    },
  )
})

for (const [what, file] of [
  ['a file that is not there', join(directory, 'nope.yaml')],
  ['a directory', directory],
  ['a file without end', '/dev/zero'],
] as const) {
  test(`${what} is a ConfigError that names it`, () => {
    assert.throws(
      () => loadConfig({ file, env: {} }),
      (error) => error instanceof ConfigError && error.problems[0]?.path === file,
    )
  })
}
