import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { activationGate, retirementGate } from '../../../../src/ca/rotation/gates.ts'
import type { LiveCertificates } from '../../../../src/ca/rotation/measures.ts'
import { authority, PLAN, viewOf } from '../../../support/rotation-view.ts'

const prepared = { state: 'prepared', publishedSequence: 5 } as const
const view = viewOf([
  authority('r0', { state: 'draining' }),
  authority('i0', { state: 'draining', issuer: 'r0' }),
  authority('r1'),
  authority('i1'),
  authority('i2', { ...prepared, publishedSequence: 0 }),
  authority('r2', prepared),
  authority('i4', { ...prepared, publishedSequence: 0, issuer: 'r2' }),
  authority('j1'),
  authority('j2', prepared),
])
const find = (id: string): Authority => view.authorities.find((one) => one.id === id) ?? assert.fail(id)

/** `signer` has signed `certificates` whose holders have the bundle `sequence`. */
function live(signer: string, sequence: number, certificates = 1, latestExpiry = 700): LiveCertificates {
  return { signer, sequence, certificates, latestExpiry }
}

/** Certificates are waited for until the clocks that are behind, by 10 s in the plan, have seen them expire. */
type Want = 'open' | readonly [certificates: number, latestExpiry: number, opensAt: number]

function closed([certificates, latestExpiry, opensAt]: Exclude<Want, 'open'>) {
  return { open: false, waitingFor: { certificates, latestExpiry }, opensAt }
}

function check(gate: ReturnType<typeof activationGate>, want: Want): void {
  assert.deepEqual(gate, want === 'open' ? { open: true } : closed(want))
}

const activation: readonly (readonly [string, string, readonly LiveCertificates[], number, Want])[] = [
  ['nobody holds a certificate', 'r2', [], 100, 'open'],
  ['everybody has the bundle', 'r2', [live('i1', 5), live('i1', 6)], 100, 'open'],
  [
    'some have an older one',
    'r2',
    [live('i1', 4, 2, 300), live('i0', 1, 3, 400), live('i1', 5, 9)],
    100,
    [5, 400, 410],
  ],
  ['an unknown signer counts', 'r2', [live('of another time', 4)], 100, [1, 700, 710]],
  ['the root of an intermediate signs already', 'i2', [live('i1', 0)], 100, 'open'],
  ['the root of an intermediate waits itself', 'i4', [live('i1', 4)], 100, [1, 700, 710]],
  ['the clock was set back', 'r2', [], -1, [0, 0, 0]],
  ['a JWT key was just published', 'j2', [], 29, [0, 30, 30]],
  ['a JWT key has been published long enough', 'j2', [live('i1', 0)], 30, 'open'],
]

for (const [what, id, certificates, now, want] of activation) {
  test(`activation gate of ${id}: ${what}`, () => {
    check(activationGate(view, find(id), { now, live: certificates }, PLAN), want)
  })
}

test('activation gate: the first JWT key waits for nobody', () => {
  const first = authority('j2', prepared)
  check(activationGate(viewOf([first]), first, { now: 1, live: [] }, PLAN), 'open')
})

const retirement: readonly (readonly [string, string, readonly LiveCertificates[], number, Want])[] = [
  ['nothing is below', 'r0', [live('i1', 1)], 100, 'open'],
  ['something is below', 'r0', [live('i0', 9, 2), live('i1', 1, 7)], 100, [2, 700, 710]],
  ['something was signed by it', 'i0', [live('i0', 9)], 100, [1, 700, 710]],
  ['it has expired, and clocks may be behind', 'r0', [live('i0', 9)], 1009, [1, 700, 710]],
  ['it has expired for all', 'r0', [live('i0', 9)], 1010, 'open'],
  ['its tokens are valid', 'j1', [], 29, [0, 30, 30]],
  ['its tokens have expired for all', 'j1', [live('j1', 9)], 30, 'open'],
]

for (const [what, id, certificates, now, want] of retirement) {
  test(`retirement gate of ${id}: ${what}`, () => {
    check(retirementGate(view, find(id), { now, live: certificates }, PLAN), want)
  })
}
