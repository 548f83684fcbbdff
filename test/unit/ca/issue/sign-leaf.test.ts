import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Authorities } from '../../../../src/ca/authorities.ts'
import type { LeafKey } from '../../../../src/ca/issue/draft-leaf.ts'
import { LeafSigner } from '../../../../src/ca/issue/sign-leaf.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { parseSpiffeId } from '../../../../src/identity/spiffe-id.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { generateKey } from '../../../../src/pki/file-keys.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { FakeAuthorityStore, FakeClock, FakeRecord } from '../../../support/fakes.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const clock = new FakeClock(Date.UTC(2026, 10, 21))
const random = (size: number) => randomBytes(size)

/** Keys that are loaded from somewhere that signs with others. */
function faultyKeys(): KeyProvider {
  const keys = memoryKeys()
  return {
    ...keys,
    async load(id, keyType) {
      const { signer: other } = await keys.create(keyType)
      return { ...(await keys.load(id, keyType)), sign: other.sign }
    },
  }
}

function newLeafKey(): LeafKey {
  const spki = createPublicKey(generateKey('ec-p256')).export({ type: 'spki', format: 'der' })
  const spkiSha256 = createHash('sha256').update(spki).digest()
  return { spki, keyType: 'ec-p256', spkiSha256, csrSha256: spkiSha256 }
}

test('an authority whose signatures do not verify gives no certificate, the second as little as the first', async () => {
  const options = { keyType: 'ec-p256', ttl: 1e6 } as const
  const authorities = await Authorities.open(
    { store: new FakeAuthorityStore(), keys: faultyKeys(), clock, random, log: silentLog, publish: async () => {} },
    { trustDomain: 'cluster.local', root: options, intermediate: options },
  )
  const record = new FakeRecord()
  const signer = new LeafSigner({ authorities, record, clock, random, backdate: 120, verifySample: 0 })
  const caller = { identity: parseSpiffeId(WEB, 'internal'), attestor: 'jwt', subject: 'web' } as const
  for (const attempt of [0, 1]) {
    const draft = signer.draft({ uri: WEB }, newLeafKey(), 600)
    await assert.rejects(signer.sign(draft, { caller, peer: 'local' }), /does not read back/)
    assert.equal(record.results.get(attempt), 'failed')
  }
})

/** Keys that are away: none can be used, and each says so. */
function awayKeys(): KeyProvider {
  const keys = memoryKeys()
  const away = () => {
    throw new AppError('key.unavailable', 'the token is away')
  }
  return {
    ...keys,
    load: async (id, keyType) => ({ ...(await keys.load(id, keyType)), sign: away, demandReady: away }),
  }
}

test('a key that is away costs neither a row of the record nor the use of a join token', async () => {
  const options = { keyType: 'ec-p256', ttl: 1e6 } as const
  const authorities = await Authorities.open(
    { store: new FakeAuthorityStore(), keys: awayKeys(), clock, random, log: silentLog, publish: async () => {} },
    { trustDomain: 'cluster.local', root: options, intermediate: options },
  )
  const record = new FakeRecord()
  const signer = new LeafSigner({ authorities, record, clock, random, backdate: 120, verifySample: 0 })
  const caller = { identity: parseSpiffeId(WEB, 'internal'), attestor: 'join-token', subject: 'id' } as const
  const draft = signer.draft({ uri: WEB }, newLeafKey(), 600)
  await assert.rejects(signer.sign(draft, { caller, peer: 'local' }), { code: 'key.unavailable' })
  assert.deepEqual(record.intents, [])
})
