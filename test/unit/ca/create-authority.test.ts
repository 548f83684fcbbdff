import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type AuthorityPlan, createIntermediate, createRoot } from '../../../src/ca/create-authority.ts'
import { memoryKeys } from '../../support/authority.ts'

const NOW = Date.UTC(2026, 10, 21)
const HOUR = 3600
const plan = (ttlSeconds: number): AuthorityPlan => {
  return { trustDomain: 'cluster.local', keyType: 'ec-p256', ttlSeconds, now: NOW, state: 'prepared' }
}
const deps = { keys: memoryKeys(), random: (size: number) => randomBytes(size) }

test('an intermediate lives within its root', async () => {
  const root = await createRoot(deps, plan(HOUR))
  const late = { ...root, authority: { ...root.authority, notBefore: NOW / 1000 - 60 } }
  const { authority } = await createIntermediate(deps, plan(2 * HOUR), late)
  assert.deepEqual([authority.notBefore, authority.notAfter], [NOW / 1000 - 60, root.authority.notAfter])
  assert.equal(authority.issuer, root.authority.id)
})

test('a key that signs what it does not verify makes no authority', async () => {
  const root = await createRoot(deps, plan(HOUR))
  const { signer: other } = await deps.keys.create('ec-p256')
  const faulty = { ...root, signer: { ...root.signer, sign: other.sign } }
  await assert.rejects(createIntermediate(deps, plan(HOUR), faulty), /does not read back/)
})
