import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readinessOf } from '../../../src/app/readiness.ts'
import type { IssuingAuthority } from '../../../src/ca/issue/issuing-authority.ts'
import { type TestAuthorities, testAuthorities } from '../../support/authority.ts'
import { FakeClock } from '../../support/fakes.ts'

const clock = new FakeClock(Date.UTC(2026, 10, 21))
const ALL_WELL = { problems: [] }
const AWAY = 'keys in the token do not sign'

/** How the service is while the token is away. */
function readinessWith(issuing: IssuingAuthority) {
  return readinessOf({
    store: { healthy: () => ({ ok: true, reason: null }) },
    keys: { isDown: () => true, problems: () => [AWAY] },
    authorities: { ...ALL_WELL, issuing: () => issuing },
    rotation: ALL_WELL,
    crls: { problems: () => [] },
    imports: { problems: () => [] },
    clockWatch: ALL_WELL,
    clock,
  })
}

const inToken = ({ issuing }: TestAuthorities) => ({
  ...issuing,
  signer: { ...issuing.signer, demandReady: () => {} },
})

test('a token that is away ends readiness where it has to sign', async () => {
  const authorities = await testAuthorities('ec-p256', clock.now())
  assert.deepEqual(readinessWith(inToken(authorities)), { ok: false, problems: [AWAY] })
})

test('a token that is away is told, and no more, while the key that signs is still a file', async () => {
  const { issuing } = await testAuthorities('ec-p256', clock.now())
  assert.deepEqual(readinessWith(issuing), { ok: true, problems: [AWAY] })
})
