import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Authorities } from '../../../src/ca/authorities.ts'
import { createNextIntermediate } from '../../../src/ca/rotation/create-successor.ts'
import { active } from '../../../src/ca/rotation/slots.ts'
import { toActive, toPrepared } from '../../../src/ca/rotation/to-active.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { providerOf } from '../../../src/pki/pkcs11/pkcs11-key-provider.ts'
import { FakeToken } from '../../support/fake-token.ts'
import { FakeAuthorityStore, FakeClock } from '../../support/fakes.ts'

test('a record from before a rotation, whose key is gone from the token: it starts, tells, and is rotated', async (t) => {
  const token = new FakeToken()
  const clock = new FakeClock(1e12)
  const keys = providerOf({ cryptoki: token, tokenLabel: 'alcazar', readPin: () => token.pin, clock, log: silentLog })
  t.after(() => keys.close())
  const random = (size: number) => randomBytes(size)
  const deps = { store: new FakeAuthorityStore(), keys, clock, random, log: silentLog, publish: async () => {} }
  const plan = { keyType: 'ec-p256', ttl: 1e6 } as const
  const open = () => Authorities.open(deps, { trustDomain: 'cluster.local', root: plan, intermediate: plan })
  const gone = active((await open()).view(), 'intermediate')
  assert.ok(gone)
  await keys.discard(gone.id)

  const authorities = await open()
  assert.equal(authorities.problems.length, 1)
  assert.throws(() => authorities.issuing(1e9), { code: 'issue.no_active_authority' })
  await authorities.settle()
  assert.equal(authorities.problems.length, 1)

  const note = { actor: 'somebody', action: 'authority.rotate' }
  const next = await createNextIntermediate({ authorities, keys, random }, { now: clock.now() })
  await authorities.commit(toPrepared(authorities.view(), [next]), note)
  await authorities.commit(toActive(authorities.view(), { id: next.id, successor: null, now: clock.now() }), note)
  assert.equal(authorities.issuing(1e9).authority.id, next.id)
  assert.deepEqual(authorities.problems, [])
})
