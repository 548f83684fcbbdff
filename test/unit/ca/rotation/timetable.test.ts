import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorityKind } from '../../../../src/ca/authority.ts'
import type { LiveCertificates } from '../../../../src/ca/rotation/measures.ts'
import type { Outlook } from '../../../../src/ca/rotation/outlook.ts'
import type { RotationView } from '../../../../src/ca/rotation/slots.ts'
import { foreseeRotation, type Timetable, timetableOf } from '../../../../src/ca/rotation/timetable.ts'
import { authority, PLAN, rotation, viewOf } from '../../../support/rotation-view.ts'

const NOW = 100
/** The skew of the plan is 10 s, a leaf lives for 60 s at most. */
const LONGEST = 60

function outlookOf(view: RotationView, live: readonly LiveCertificates[] = []): Outlook {
  return { view, moment: { now: NOW, live }, plan: { ...PLAN, longestLeafSeconds: LONGEST } }
}

/** `prepare 100, activate 140!`: a step that is done has a mark. */
function told({ state, waitingFor, steps }: Timetable): string {
  const waits = waitingFor === null ? '' : ` waits ${waitingFor.certificates} until ${waitingFor.latestExpiry}`
  return `${state}${waits}: ${steps.map(({ name, at, done }) => `${name} ${at}${done ? '!' : ''}`).join(', ')}`
}

const held = (sequence: number, latestExpiry: number, signer = 'i1'): LiveCertificates => {
  return { signer, sequence, certificates: 2, latestExpiry }
}
const OLD = [authority('r1'), authority('i1')]

const foreseen: readonly (readonly [string, AuthorityKind, RotationView, LiveCertificates[], string])[] = [
  [
    'a root waits for everybody that has a certificate, and the old one for what is signed until then',
    'root',
    viewOf(OLD),
    [held(5, 130)],
    'distributing waits 2 until 130: prepare 100, activate 140, retire 210',
  ],
  ['a root that nobody waits for', 'root', viewOf(OLD), [], 'distributing: prepare 100, activate 100, retire 170'],
  [
    'a root that is prepared already waits for those alone who have an older bundle',
    'root',
    viewOf([...OLD, authority('r2', { state: 'prepared', publishedSequence: 4, changedAt: 90_000 })]),
    [held(5, 190), held(3, 120)],
    'distributing waits 2 until 120: prepare 90!, activate 130, retire 200',
  ],
  [
    'nothing outlives the old root',
    'root',
    viewOf([authority('r1', { notAfter: 150 }), authority('i1', { notAfter: 150 })]),
    [held(5, 140)],
    'distributing waits 2 until 140: prepare 100, activate 150, retire 160',
  ],
  [
    'an intermediate waits for nobody: its root is in use',
    'intermediate',
    viewOf(OLD),
    [held(1, 190)],
    'distributing: prepare 100, activate 100, retire 200',
  ],
  [
    'a JWT key is published for its time, and leaves after the last token',
    'jwt',
    viewOf([...OLD, authority('j1')]),
    [],
    'distributing waits 0 until 130: prepare 100, activate 130, retire 160',
  ],
  ['the first JWT key replaces nothing', 'jwt', viewOf(OLD), [], 'distributing: prepare 100, activate 100'],
]
for (const [title, kind, view, live, want] of foreseen) {
  test(`foreseen: ${title}`, () => assert.equal(told(foreseeRotation(kind, outlookOf(view, live))), want))
}

const DRAINING = [authority('r1', { state: 'draining' }), authority('i1', { state: 'draining' }), authority('r2')]
const PREPARED = [...OLD, authority('r2', { state: 'prepared', publishedSequence: 5 })]
const activatedAt = 80_000
const running: readonly (readonly [string, RotationView, LiveCertificates[], string])[] = [
  [
    'it distributes',
    viewOf(PREPARED, [rotation({ startedAt: 50_000 })]),
    [held(4, 120)],
    'distributing waits 2 until 120: prepare 50!, activate 130, retire 200',
  ],
  [
    'nobody is behind',
    viewOf(PREPARED, [rotation({ startedAt: 50_000 })]),
    [held(5, 120)],
    'activating: prepare 50!, activate 100, retire 170',
  ],
  [
    'it is forced',
    viewOf(PREPARED, [rotation({ forced: true })]),
    [held(4, 120)],
    'activating: prepare 0!, activate 100, retire 170',
  ],
  [
    'it drains',
    viewOf(DRAINING, [rotation({ state: 'draining', activatedAt })]),
    [held(4, 120), held(5, 180, 'i2')],
    'draining waits 2 until 120: prepare 0!, activate 80!, retire 130',
  ],
  [
    'it is done',
    viewOf(DRAINING, [rotation({ state: 'done', activatedAt, endedAt: 90_500 })]),
    [held(4, 120)],
    'done: prepare 0!, activate 80!, retire 90!',
  ],
  [
    'it was aborted before it signed',
    viewOf(PREPARED, [rotation({ state: 'aborted', endedAt: 90_000 })]),
    [held(4, 120)],
    'aborted: prepare 0!, abort 90!',
  ],
]
for (const [title, view, live, want] of running) {
  test(`of a rotation: ${title}`, () => {
    const [first] = view.rotations
    assert.ok(first !== undefined)
    assert.equal(told(timetableOf(first, outlookOf(view, live))), want)
  })
}

test('no second rotation is foreseen while one runs, and it is named', () => {
  const outlook = outlookOf(viewOf(PREPARED, [rotation()]))
  assert.throws(() => foreseeRotation('root', outlook), { code: 'authority.invalid_transition', seen: 'rot' })
  assert.equal(foreseeRotation('intermediate', outlook).state, 'distributing')
})

test('with a bundle endpoint, a root is foreseen to be published for as long as others need to fetch it', () => {
  const { moment, plan } = outlookOf(viewOf(OLD))
  const hinted = { ...plan, publishSeconds: { root: 50, jwt: 30 } }
  const want = 'distributing waits 0 until 150: prepare 100, activate 150, retire 220'
  assert.equal(told(foreseeRotation('root', { view: viewOf(OLD), moment, plan: hinted })), want)
})
