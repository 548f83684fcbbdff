import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { activationGate, retirementGate, type WaitReason } from '../../../../src/ca/rotation/gates.ts'
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
type Want = 'open' | readonly [reason: WaitReason, certificates: number, latestExpiry: number, opensAt: number]

function closed([reason, certificates, latestExpiry, opensAt]: Exclude<Want, 'open'>) {
  return { open: false, reason, waitingFor: { certificates, latestExpiry }, opensAt }
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
    ['certificates', 5, 400, 410],
  ],
  ['an unknown signer counts', 'r2', [live('of another time', 4)], 100, ['certificates', 1, 700, 710]],
  ['the root of an intermediate signs already', 'i2', [live('i1', 0)], 100, 'open'],
  ['the root of an intermediate waits itself', 'i4', [live('i1', 4)], 100, ['certificates', 1, 700, 710]],
  ['the clock was set back', 'r2', [], -1, ['validity', 0, 0, 0]],
  ['a JWT key was just published', 'j2', [], 29, ['publication', 0, 30, 30]],
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
  ['something is below', 'r0', [live('i0', 9, 2), live('i1', 1, 7)], 100, ['certificates', 2, 700, 710]],
  ['something was signed by it', 'i0', [live('i0', 9)], 100, ['certificates', 1, 700, 710]],
  ['it has expired, and clocks may be behind', 'r0', [live('i0', 9)], 1009, ['certificates', 1, 700, 710]],
  ['it has expired for all', 'r0', [live('i0', 9)], 1010, 'open'],
  ['its tokens are valid', 'j1', [], 29, ['tokens', 0, 30, 30]],
  ['its tokens have expired for all', 'j1', [live('j1', 9)], 30, 'open'],
]

for (const [what, id, certificates, now, want] of retirement) {
  test(`retirement gate of ${id}: ${what}`, () => {
    check(retirementGate(view, find(id), { now, live: certificates }, PLAN), want)
  })
}

const HINTED = { ...PLAN, publishSeconds: { root: 30, jwt: 30 } }
const from20 = viewOf([
  ...view.authorities.filter(({ id }) => id !== 'r2'),
  authority('r2', { ...prepared, changedAt: 20_000 }),
])
const roots: readonly (readonly [string, string, readonly LiveCertificates[], number, Want])[] = [
  ['a root that others fetch was just published', 'r2', [], 49, ['publication', 0, 50, 50]],
  ['it was published long enough', 'r2', [], 50, 'open'],
  ['certificates are told first, and the later moment', 'r2', [live('i1', 4, 2, 30)], 25, ['certificates', 2, 30, 50]],
  ['certificates are waited for longer', 'r2', [live('i1', 4, 2, 100)], 25, ['certificates', 2, 100, 110]],
  ['an intermediate waits with its root', 'i4', [], 49, ['publication', 0, 50, 50]],
  ['an intermediate of a root that signs does not', 'i2', [], 21, 'open'],
]
for (const [what, id, certificates, now, want] of roots) {
  test(`activation gate of ${id} with a bundle endpoint: ${what}`, () => {
    const one = from20.authorities.find((it) => it.id === id) ?? assert.fail(id)
    check(activationGate(from20, one, { now, live: certificates }, HINTED), want)
  })
}

test('activation gate: where the root that signs has expired, the next one is not held back', () => {
  const expired = viewOf([authority('r1', { notAfter: 40 }), authority('r2', { ...prepared, changedAt: 20_000 })])
  const one = expired.authorities[1] ?? assert.fail()
  check(activationGate(expired, one, { now: 39, live: [] }, HINTED), ['publication', 0, 40, 40])
  check(activationGate(expired, one, { now: 40, live: [] }, HINTED), 'open')
})

const doubted: readonly (readonly [string, 'activation' | 'retirement', string, readonly LiveCertificates[], Want])[] =
  [
    ['a JWT key that may not have been published long enough', 'activation', 'j2', [], ['clock', 0, 3000, 3000]],
    ['a JWT key whose tokens may be valid', 'retirement', 'j1', [], ['clock', 0, 3000, 3000]],
    ['a root that may not have expired', 'retirement', 'r0', [live('i0', 9)], ['certificates', 1, 700, 710]],
  ]
for (const [what, verb, id, certificates, want] of doubted) {
  test(`${verb} gate by a clock that is doubted: ${what}`, () => {
    const gateOf = verb === 'activation' ? activationGate : retirementGate
    const now = verb === 'activation' ? 900 : 2000
    check(gateOf(view, find(id), { now, live: certificates, doubtedUntil: 3000 }, PLAN), want)
  })
}

test('activation gate: a JWT key of a short life takes over before the tokens of the old one are cut short', () => {
  const short = viewOf([authority('j1', { notAfter: 45 }), authority('j2', prepared)])
  const one = short.authorities[1] ?? assert.fail()
  check(activationGate(short, one, { now: 24, live: [] }, PLAN), ['publication', 0, 25, 25])
  check(activationGate(short, one, { now: 25, live: [] }, PLAN), 'open')
})
