import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { createRoot } from '../../../../src/ca/create-authority.ts'
import { crossSign } from '../../../../src/ca/cross-sign.ts'
import { hasChainOf } from '../../../../src/ca/serving/serving-pair.ts'
import { memoryKeys, testAuthorities } from '../../../support/authority.ts'
import { NOW } from '../../../support/store.ts'

test('a chain is that of now until the root of its intermediate is cross-signed, and again with that', async () => {
  const { root, intermediate } = await testAuthorities('ec-p256', NOW)
  const random = (size: number) => randomBytes(size)
  const keys = memoryKeys()
  const plan = {
    state: 'active',
    trustDomain: 'cluster.local',
    keyType: 'ec-p256',
    ttlSeconds: 9999,
    now: NOW,
  } as const
  const older = await createRoot({ keys, random }, plan)
  const cross = await crossSign(root.authority, older.authority, { keys, random, now: NOW })
  const signer = intermediate.authority
  const among = (...all: readonly Authority[]) => ({ list: () => all })
  const before = among(older.authority, root.authority, signer)
  const after = among(older.authority, { ...root.authority, chain: [cross] }, signer)
  const pair = `leaf\n${signer.certificate}`
  assert.equal(hasChainOf(signer, pair, before), true)
  assert.equal(hasChainOf(signer, pair, after), false)
  assert.equal(hasChainOf(signer, `${pair}${cross}`, after), true)
  assert.equal(hasChainOf(signer, `${pair}${cross}`, before), false)
})
