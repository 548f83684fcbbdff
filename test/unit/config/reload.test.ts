import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig } from '../../../src/config/load-config.ts'
import { type ConfigChange, reloadable } from '../../../src/config/reload.ts'

const cases: readonly (readonly [unknown, ConfigChange])[] = [
  [{}, { changed: [], refused: [] }],
  [{ limits: { rate: '10/s' } }, { changed: ['limits'], refused: [] }],
  [
    { limits: { rate: 5_000 }, issuance: { defaultTtl: 3_600 } },
    { changed: [], refused: [] },
  ],
  [{ admins: [{ identity: 'spiffe://cluster.local/a', role: 'admin' }] }, { changed: ['admins'], refused: [] }],
  [{ attestation: { joinToken: { enabled: false } } }, { changed: ['attestation'], refused: [] }],
  [{ trustDomain: 'a.local' }, { changed: [], refused: ['trustDomain'] }],
  [{ listen: { grpc: '127.0.0.1:1' } }, { changed: [], refused: ['listen.grpc'] }],
  [
    { issuance: { maxTtl: '2h', keyTypes: ['ed25519'] } },
    { changed: [], refused: ['issuance.maxTtl', 'issuance.keyTypes'] },
  ],
  [{ authority: { keys: { passphrase: { file: 'p' } } } }, { changed: [], refused: ['authority.keys.passphrase'] }],
  [
    { limits: { queue: 1 }, log: { level: 'debug' } },
    { changed: ['limits'], refused: ['log.level'] },
  ],
]
const before = resolveConfig(null, { env: {} })
for (const [written, want] of cases) {
  const after = resolveConfig(written, { env: {} })
  test(`reload: ${JSON.stringify(written)}`, () => assert.deepEqual(reloadable(before, after), want))
  test(`reload: ${JSON.stringify(written)} and back`, () => assert.deepEqual(reloadable(after, before), want))
}
