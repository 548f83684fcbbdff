import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import type { LiveCertificates } from '../../../../src/ca/rotation/measures.ts'
import { overviewOf } from '../../../../src/ca/rotation/overview.ts'
import { openRecentMoment } from '../../../../src/ca/rotation/recent-moment.ts'
import { FakeClock } from '../../../support/fakes.ts'
import { authority, PLAN, rotation, viewOf } from '../../../support/rotation-view.ts'

const live: readonly LiveCertificates[] = [
  { signer: 'i1', sequence: 4, certificates: 3, latestExpiry: 300 },
  { signer: 'i2', sequence: 5, certificates: 4, latestExpiry: 320 },
]

/** `retire at 310 for 3 certificates`, by id. */
function nextSteps(authorities: readonly Authority[], now: number, rotations = [rotation({ endedAt: 1 })]) {
  const view = viewOf(authorities, rotations)
  const plan = { ...PLAN, longestLeafSeconds: 60 }
  const items = overviewOf({ view, moment: { now, live }, plan })
  return Object.fromEntries(
    items.map(({ authority: { id }, nextStep }) => {
      if (nextStep === null) return [id, null]
      const { do: what, at, waitingFor } = nextStep
      return [id, `${what} at ${at}${waitingFor === undefined ? '' : ` for ${waitingFor}`}`]
    }),
  )
}

test('leaves count for their intermediate and for its root', () => {
  const authorities = [authority('r1'), authority('i1'), authority('i2', { state: 'draining' }), authority('j1')]
  const items = overviewOf({
    view: viewOf(authorities),
    moment: { now: 0, live },
    plan: { ...PLAN, longestLeafSeconds: 60 },
  })
  assert.deepEqual(
    items.map(({ liveLeaves }) => liveLeaves),
    [7, 3, 4, 0],
  )
})

test('the active one prepares its successor, which takes over; the old one waits for its leaves', () => {
  const alone = nextSteps([authority('r1'), authority('i1')], 100)
  assert.match(alone.r1 ?? '', /^prepare at 4\d\d$/)
  assert.match(alone.i1 ?? '', /^prepare at 4\d\d$/)
  const pair = nextSteps([authority('r1'), authority('i1', { state: 'draining' }), authority('i2')], 100)
  assert.equal(pair.i1, 'retire at 310 for 3 certificates')
  const next = nextSteps([authority('r1'), authority('i1'), authority('i2', { state: 'prepared' })], 100)
  assert.equal(next.i1, null)
  assert.match(next.i2 ?? '', /^activate at 7\d\d$/)
})

test('a root waits for a person, unless a rotation wants it', () => {
  const authorities = [authority('r1'), authority('i1'), authority('r2', { state: 'prepared', publishedSequence: 5 })]
  assert.match(nextSteps(authorities, 100).r2 ?? '', /^activate at 7\d\d for somebody/)
  assert.equal(nextSteps(authorities, 100, [rotation()]).r2, 'activate at 310 for 3 certificates')
})

test('what leaves meanwhile hides no other step', () => {
  const gone = authority('i0', { state: 'draining', notAfter: 50 })
  const steps = nextSteps([authority('r1'), gone, authority('i1')], 100)
  assert.equal(steps.i0, 'retire at 100')
  assert.match(steps.i1 ?? '', /^prepare at/)
})

for (const state of ['retired', 'revoked'] as const) {
  test(`nothing happens to a ${state} one`, () => assert.equal(nextSteps([authority('r1', { state })], 100).r1, null))
}

test('a tainted one leaves at its end', () => {
  assert.equal(nextSteps([authority('r1', { state: 'tainted' })], 100).r1, 'retire at 1010')
})

test('certificates are counted once a second for all that look, and a failure is not remembered', async () => {
  const clock = new FakeClock(5_000)
  let counts = 0
  const recent = openRecentMoment(async () => {
    counts++
    if (counts === 3) throw new Error('the database is away')
    return { now: 5, live }
  }, clock)
  await Promise.all([recent(), recent()])
  assert.equal(counts, 1)
  clock.advance(999)
  assert.deepEqual(await recent(), { now: 5, live })
  assert.equal(counts, 1)
  clock.advance(1)
  assert.equal((await recent()).now, 6)
  assert.equal(counts, 2)
  clock.advance(1_000)
  await assert.rejects(recent())
  await recent()
  assert.equal(counts, 4)
})
