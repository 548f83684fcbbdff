import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority, AuthorityKind, Rotation } from '../../../../src/ca/authority.ts'
import { preparationPoint } from '../../../../src/ca/rotation/life-points.ts'
import type { LiveCertificates } from '../../../../src/ca/rotation/measures.ts'
import { inWords, nextStep } from '../../../../src/ca/rotation/next-step.ts'
import { authority, PLAN, rotation, viewOf } from '../../../support/rotation-view.ts'

const r1 = authority('r1')
const i1 = authority('i1')
const r2 = authority('r2', { state: 'prepared', publishedSequence: 5 })
const i2 = authority('i2', { state: 'prepared' })
const r0 = authority('r0', { state: 'draining' })
const late = authority('r2', { state: 'prepared', publishedSequence: 5, notAfter: 900 })
const behind: LiveCertificates = { signer: 'i1', sequence: 4, certificates: 1, latestExpiry: 700 }
const below0: LiveCertificates = { signer: 'r0', sequence: 9, certificates: 1, latestExpiry: 700 }
const forced = rotation({ forced: true })
const drains = rotation({ from: 'r0', to: 'r1', state: 'draining', activatedAt: 1 })

interface Given {
  readonly of: AuthorityKind
  readonly all: readonly Authority[]
  readonly rotations?: readonly Rotation[]
  readonly live?: readonly LiveCertificates[]
}

/** The lives end at 1000: half is over at 500 or up to 20 seconds before, four fifths at 800. */
const cases: readonly (readonly [Given, number, string])[] = [
  [{ of: 'intermediate', all: [r1, i1] }, 479, 'wait'],
  [{ of: 'intermediate', all: [r1, i1] }, 500, 'prepare intermediate'],
  [{ of: 'intermediate', all: [r1, i1, i2] }, 779, 'wait'],
  [{ of: 'intermediate', all: [r1, i1, i2] }, 800, 'activate i2'],
  [{ of: 'intermediate', all: [r1] }, 1, 'prepare intermediate'],
  [{ of: 'jwt', all: [r1] }, 1, 'prepare jwt'],
  [{ of: 'jwt', all: [authority('j1', { state: 'prepared' })] }, 1, 'activate j1'],
  [{ of: 'root', all: [r1, i1] }, 500, 'prepare root'],
  [{ of: 'root', all: [r1, i1] }, 2000, 'prepare root'],
  [{ of: 'root', all: [r1, i1, r2] }, 999, 'wait'],
  [{ of: 'root', all: [r1, i1, r2], rotations: [rotation()] }, 1, 'activate r2'],
  [{ of: 'root', all: [r1, i1, r2], rotations: [rotation()], live: [behind] }, 1, 'wait'],
  [{ of: 'root', all: [r1, i1, r2], rotations: [forced], live: [behind] }, 1, 'activate r2'],
  [{ of: 'root', all: [r1, i1, late] }, 900, 'retire r2'],
  [{ of: 'root', all: [r0, r1, i1] }, 1, 'retire r0'],
  [{ of: 'root', all: [r0, r1, i1], live: [below0] }, 1, 'wait'],
  [{ of: 'root', all: [r0, r1, i1], rotations: [drains], live: [below0] }, 1, 'wait'],
  [{ of: 'root', all: [r0, r1, i1], rotations: [{ ...drains, forced: true }], live: [below0] }, 1, 'retire r0'],
  [{ of: 'root', all: [authority('r0', { state: 'tainted' }), r1] }, 400, 'wait'],
  [{ of: 'root', all: [authority('r0', { state: 'tainted' }), r1] }, 1010, 'retire r0'],
]

for (const [{ of, all, rotations = [], live = [] }, now, want] of cases) {
  const states = all.map(({ id, state }) => `${id} ${state}`).join(', ')
  test(`next step: ${states} at ${now}, ${rotations.length} running, ${live.length} live: ${want}`, () => {
    const step = nextStep(viewOf(all, rotations), of, { now, live }, PLAN)
    const told = step.do === 'wait' ? 'wait' : `${step.do} ${step.do === 'prepare' ? step.kind : step.id}`
    assert.equal(told, want)
  })
}

test('a root takes over by itself where that is configured', () => {
  const plan = { ...PLAN, automatic: ['root'] as const }
  const view = viewOf([r1, i1, r2])
  assert.deepEqual(nextStep(view, 'root', { now: 800, live: [] }, plan), { do: 'activate', id: 'r2' })
  assert.equal(nextStep(view, 'root', { now: 779, live: [] }, plan).do, 'wait')
})

test('a wait says until when and for whom', () => {
  const running = viewOf([r1, i1, r2], [rotation()])
  const waitingFor = '1 certificate'
  const want = { do: 'wait', next: { do: 'activate', at: 710, waitingFor } }
  assert.deepEqual(nextStep(running, 'root', { now: 1, live: [behind] }, PLAN), want)
  assert.equal(inWords({ reason: 'certificates', waitingFor: { certificates: 3, latestExpiry: 0 } }), '3 certificates')
})

test('the middle of a short life counts from its creation, not from its earlier notBefore', () => {
  const short = authority('i1', { notBefore: 0, createdAt: 3_600_000, notAfter: 3_610 })
  assert.ok(preparationPoint(short, PLAN) >= 3_604)
})

const DOUBTED = { live: [], doubtedUntil: 5000 }
const doubted: readonly (readonly [string, AuthorityKind, readonly Authority[], readonly Rotation[], string])[] = [
  ['nothing is prepared', 'intermediate', [r1, i1], [], 'prepare at 5000'],
  ['nothing takes over by itself', 'intermediate', [r1, i1, i2], [], 'activate at 5000'],
  ['what somebody wants takes over', 'root', [r1, i1, r2], [rotation()], 'activate'],
  [
    'what has expired by it stays',
    'jwt',
    [authority('j0', { state: 'tainted', notAfter: 100 }), authority('j1')],
    [],
    'prepare at 5000',
  ],
  ['what is forced leaves', 'root', [r0, r1, i1], [{ ...drains, forced: true }], 'retire'],
]
for (const [what, of, all, rotations, want] of doubted) {
  test(`by a clock that is doubted: ${what}`, () => {
    const step = nextStep(viewOf(all, rotations), of, { now: 950, ...DOUBTED }, PLAN)
    assert.equal(step.do === 'wait' ? `${step.next?.do} at ${step.next?.at}` : step.do, want)
  })
}

test('one that is not valid yet is passed over, forced or not, and says so', () => {
  const ahead = authority('r2', { state: 'prepared', publishedSequence: 5, notBefore: 200, notAfter: 2000 })
  for (const one of [rotation(), forced]) {
    const step = nextStep(viewOf([r1, i1, ahead], [one]), 'root', { now: 100, live: [] }, PLAN)
    assert.deepEqual(step, { do: 'wait', next: { do: 'activate', at: 200, waitingFor: 'its life to begin' } })
  }
})
