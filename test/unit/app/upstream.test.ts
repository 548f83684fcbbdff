import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upstreamSource } from '../../../src/app/upstream.ts'
import type { Note } from '../../../src/ca/import/pending-key.ts'
import type { KeyProvider } from '../../../src/ca/key-provider.ts'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { memoryKeys } from '../../support/authority.ts'

const UPSTREAM = { url: 'https://127.0.0.1:1', caFile: '/nowhere/ca.pem', tokenFile: '/nowhere/token' }

test('starts that fail one after the other, as upstream is out of reach, make one key between them', async () => {
  const config = resolveConfig({ authority: { upstream: UPSTREAM } }, { env: {} })
  const keys = memoryKeys()
  let made = 0
  const create: KeyProvider['create'] = (keyType) => {
    made++
    return keys.create(keyType)
  }
  let line: string | null = null
  const note: Note = {
    read: async () => line,
    write: async (text) => {
      line = text
    },
  }
  for (let start = 0; start < 3; start++) {
    const source = upstreamSource(config, { keys: { ...keys, create }, note })
    assert.ok(source !== null)
    await assert.rejects(source.read(), { name: 'StartupError', code: 'authority.upstream_failed' })
  }
  assert.equal(made, 1)
})
