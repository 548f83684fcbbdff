import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuseElevation } from '../../../src/app/token-elevation.ts'

const ADMIN = 'spiffe://cluster.local/ns/ops/sa/admin'
const OWN = 'spiffe://cluster.local/ns/istio-system/sa/alcazar'
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const OPERATOR = 'spiffe://cluster.local/ns/ops/sa/operator'
const elevated = { admins: [{ identity: ADMIN }, { identity: OPERATOR }], own: OWN }

for (const identity of [ADMIN, OWN, OPERATOR]) {
  test(`an operator makes no join token for ${identity}`, () => {
    assert.throws(() => refuseElevation({ identity, actor: OPERATOR }, elevated), { code: 'auth.forbidden' })
    refuseElevation({ identity, actor: 'local' }, elevated)
  })
}

test('an operator makes join tokens for workloads', () => refuseElevation({ identity: WEB, actor: OPERATOR }, elevated))
