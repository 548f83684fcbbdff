import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Asker, type ToldWorkload, toReference } from '../../../src/api/asked-workload.ts'
import type { WorkloadReference } from '../../../src/decide/decide.ts'
import type { ErrorCode } from '../../../src/kernel/errors.ts'
import { fakeDecisions } from '../../support/fake-decisions.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const OTHER = 'spiffe://cluster.local/ns/default/sa/other'
const { owns } = fakeDecisions()
const NOTHING: ToldWorkload = { name: null, principal: '', address: '' }

type Case = readonly [string, Partial<ToldWorkload>, WorkloadReference | ErrorCode]

function check(asker: Asker, cases: readonly Case[]): void {
  for (const [title, told, want] of cases) {
    test(title, () => {
      const ask = () => toReference(asker, { ...NOTHING, ...told }, owns)
      if (typeof want === 'string') assert.throws(ask, { code: want })
      else assert.deepEqual(ask(), want)
    })
  }
}

describe('a proxy with a certificate asks about its own workload', () => {
  check({ by: 'certificate', identity: WEB }, [
    ['by its identity', {}, { by: 'identity', identity: WEB, address: null }],
    [
      'where several share it, by the address',
      { address: '10.0.0.1' },
      { by: 'identity', identity: WEB, address: '10.0.0.1' },
    ],
    ['by the name of its entry', { name: 'default/web' }, { by: 'name', namespace: 'default', name: 'web' }],
    ['and not by that of another', { name: 'default/other' }, 'auth.forbidden'],
    ['nor by the principal of another', { principal: OTHER }, 'auth.forbidden'],
    [
      'a DNS name of its certificate says nothing',
      { principal: 'web.example' },
      { by: 'identity', identity: WEB, address: null },
    ],
    ['a name of another form is unreadable', { name: 'web' }, 'request.malformed'],
  ])
})

describe('a proxy on this host names it', () => {
  check({ by: 'loopback' }, [
    ['by entry', { name: 'a/b', principal: WEB, address: '10.0.0.1' }, { by: 'name', namespace: 'a', name: 'b' }],
    ['by principal', { principal: WEB, address: '10.0.0.1' }, { by: 'identity', identity: WEB, address: '10.0.0.1' }],
    ['by address', { principal: 'web.example', address: '10.0.0.1' }, { by: 'address', address: '10.0.0.1' }],
    ['or is refused', {}, 'decision.workload_ambiguous'],
    ['an empty name is no name', { name: '', address: '10.0.0.1' }, 'request.malformed'],
    ['a name has two parts', { name: 'a/b/c' }, 'request.malformed'],
    ['neither of them empty', { name: 'a/' }, 'request.malformed'],
  ])
})
