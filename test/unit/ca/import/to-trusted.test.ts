import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { toAdopted } from '../../../../src/ca/import/to-adopted.ts'
import { toAuthorities } from '../../../../src/ca/import/to-authorities.ts'
import { toTrusted } from '../../../../src/ca/import/to-trusted.ts'
import type { ImportedAuthority, ImportedRoot } from '../../../../src/ca/import/verdict.ts'
import { nextStep } from '../../../../src/ca/rotation/next-step.ts'
import { toRevoked } from '../../../../src/ca/rotation/to-gone.ts'
import { withTransition } from '../../../../src/ca/rotation/transition.ts'
import { ROOT_PEM, SIGNER_PEM } from '../../../support/ca-material.ts'
import { authority, endsOf, PLAN, statesOf, viewOf } from '../../../support/rotation-view.ts'

const NOW = 60_000
const PART = { now: NOW, isWhole: false }
const WHOLE = { now: NOW, isWhole: true }

function root(id: string, change: Partial<ImportedRoot> = {}): ImportedRoot {
  return { id, keyType: 'ec-p256', notBefore: 0, notAfter: 1000, certificate: ROOT_PEM, chain: [], ...change }
}

function imported(others: readonly ImportedRoot[], own = root('r1')): ImportedAuthority {
  const { keyType, notBefore, notAfter } = own
  const signer = { id: 'i1', keyType, notBefore, notAfter, certificate: SIGNER_PEM, chain: [], key: null }
  return { ...signer, root: own, otherRoots: others }
}

const signing = [authority('r1', { certificate: ROOT_PEM }), authority('i1', { certificate: SIGNER_PEM })]
const trusted = (id: string) => authority(id, { state: 'trusted', certificate: ROOT_PEM })

/** What is known after the import, and the sequence of the bundle, which was 5. */
function after(known: readonly Authority[], given: ImportedAuthority, options = WHOLE) {
  const view = viewOf(known)
  const { authorities, findings } = toAuthorities(given, known, options)
  const next = authorities.length === 0 ? view : withTransition(view, toAdopted(view, authorities))
  return { states: statesOf(next.authorities), codes: findings.map(({ code }) => code), view: next }
}

describe('roots that came along', () => {
  const cases: readonly (readonly [string, readonly Authority[], readonly string[], typeof WHOLE, string, number])[] = [
    ['come', signing, ['r2'], PART, 'r1 active, i1 active, r2 trusted', 6],
    ['stay', [...signing, trusted('r2')], ['r2'], WHOLE, 'r1 active, i1 active, r2 trusted', 5],
    ['leave with the file', [...signing, trusted('r2')], [], WHOLE, 'r1 active, i1 active, r2 retired', 6],
    [
      'stay where the file does not tell of all',
      [...signing, trusted('r2')],
      [],
      PART,
      'r1 active, i1 active, r2 trusted',
      5,
    ],
    [
      'come back',
      [...signing, authority('r2', { state: 'retired' })],
      ['r2'],
      WHOLE,
      'r1 active, i1 active, r2 trusted',
      6,
    ],
    [
      'wait beside a prepared one',
      [...signing, authority('r3', { state: 'prepared' })],
      ['r2'],
      WHOLE,
      'r1 active, i1 active, r3 prepared, r2 trusted',
      6,
    ],
    [
      'are left alone where they sign here',
      [...signing, authority('r2', { state: 'draining' })],
      ['r2'],
      WHOLE,
      'r1 active, i1 active, r2 draining',
      5,
    ],
  ]
  for (const [what, known, others, options, states, sequence] of cases) {
    test(what, () => {
      const { view, ...seen } = after(known, imported(others.map((id) => root(id))), options)
      assert.deepEqual([seen.states, seen.codes, view.bundleSequence], [states, [], sequence])
    })
  }

  test('that were revoked, or have signed here, never come back', () => {
    for (const state of ['revoked', 'retired'] as const) {
      const old = [authority('r2', { state }), authority('i2', { state: 'retired', issuer: 'r2' })]
      const { codes, view } = after([...signing, ...old], imported([root('r2')]))
      assert.deepEqual([codes, view.bundleSequence], [['roots.given_up'], 5])
    }
  })

  test('that were revoked meanwhile stay so', () => {
    const known = [...signing, trusted('r2')]
    const { authorities } = toAuthorities(imported([root('r2', { certificate: SIGNER_PEM })]), known, WHOLE)
    const view = withTransition(viewOf(known), toRevoked(viewOf(known), 'r2', NOW))
    assert.deepEqual(statesOf(toAdopted(view, authorities).authorities), 'r2 revoked')
  })

  test('are prepared once the signer descends from one: since when it is known counts', () => {
    const own = root('r2')
    const given = { ...imported([root('r1')], own), id: 'i2' }
    const { states, view } = after([...signing, { ...trusted('r2'), publishedSequence: 3 }], given)
    assert.equal(states, 'r1 active, i1 active, r2 prepared, i2 prepared')
    assert.equal(view.authorities[2]?.publishedSequence, 3)
  })

  test('are bounded', () => {
    const many = Array.from({ length: 17 }, (_, i) => root(`r${i + 2}`))
    const codes = (others: readonly ImportedRoot[], known: readonly Authority[]) =>
      toTrusted(imported(others), known, PART).findings.map(({ code }) => code)
    assert.deepEqual([codes(many, []), codes(many.slice(1), [])], [['roots.too_many'], []])
    assert.deepEqual(codes(many.slice(1), [trusted('r100')]), ['roots.too_many'])
  })

  test('leave by themselves at their end, and not before', () => {
    const view = viewOf([...signing, trusted('r2')])
    const at = (now: number) => nextStep(view, 'root', { now, live: [] }, { ...PLAN, prepareAt: 2 })
    assert.equal(at(1009).do, 'wait')
    assert.deepEqual(at(1010), { do: 'retire', id: 'r2' })
    assert.equal(endsOf(view.rotations), '')
  })
})

test('a root keeps the certificates that an older one has given it', () => {
  const known = [authority('r1', { certificate: ROOT_PEM, chain: [SIGNER_PEM] }), ...signing.slice(1)]
  assert.deepEqual(toAuthorities(imported([]), known, WHOLE).authorities, [])
  const renewed = toAuthorities(imported([], root('r1', { certificate: SIGNER_PEM })), known, WHOLE).authorities
  assert.deepEqual(renewed[0]?.chain, [SIGNER_PEM])
})
