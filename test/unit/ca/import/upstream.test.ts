import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import type { Importer } from '../../../../src/ca/import/importer.ts'
import { UpstreamRenewal } from '../../../../src/ca/import/upstream.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { parseRequestFacts } from '../../../../src/pki/explain/facts.ts'
import { parsePem } from '../../../../src/pki/pem.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { FakeClock } from '../../../support/fakes.ts'

const LABELS = ['CERTIFICATE REQUEST']
const NOW = 1_795_230_000
const LIFE = 1000

let asked: string[]
let known: Authority[]
let keys: KeyProvider
let failure: Error | null
let clock: FakeClock
let renewal: UpstreamRenewal

const importer: Importer = {
  check: async () => assert.fail('not called'),
  createCsr: async () => assert.fail('not called'),
  import: async () => {
    known = [intermediate({ state: 'prepared' })]
    return { accepted: true, id: 'next', authorities: known, findings: [] }
  },
}

function intermediate(fields: Partial<Authority>): Authority {
  return {
    id: 'i'.repeat(40),
    kind: 'intermediate',
    state: 'active',
    keyType: 'ec-p256',
    notBefore: NOW,
    notAfter: NOW + LIFE,
    issuer: 'a root elsewhere',
    certificate: '',
    createdAt: 0,
    publishedSequence: 0,
    changedAt: 0,
    chain: [],
    ...fields,
  }
}

beforeEach(() => {
  asked = []
  known = []
  failure = null
  keys = memoryKeys()
  clock = new FakeClock(NOW * 1000)
  renewal = new UpstreamRenewal({
    importer,
    keys,
    ask: async (csr) => {
      asked.push(csr)
      if (failure !== null) throw failure
      return { chain: ['A\n', 'B\n'], roots: ['R\n'] }
    },
    known: () => known,
    clock,
    log: silentLog,
    keyType: 'ec-p256',
    prepareAt: 0.5,
  })
})

describe('an intermediate is fetched from upstream', () => {
  test('where there is none', async () => {
    await renewal.tick()
    assert.equal(asked.length, 1)
  })

  test('while a root of our own signs', async () => {
    const { id } = await keys.create('ec-p256')
    known = [intermediate({ issuer: id })]
    await renewal.tick()
    assert.equal(asked.length, 1)
  })

  test('at its share of the life, and not again while one is prepared', async () => {
    known = [intermediate({})]
    clock.advance(499_000)
    await renewal.tick()
    assert.equal(asked.length, 0)
    clock.advance(1000)
    await renewal.tick()
    await renewal.tick()
    assert.equal(asked.length, 1)
  })

  test('again after a failure, which is told meanwhile, with the same key', async () => {
    failure = new Error('nobody there')
    await renewal.tick()
    assert.match(renewal.problem ?? '', /nobody there/)
    failure = null
    await renewal.tick()
    assert.equal(renewal.problem, null)
    const publicKeys = asked.map((csr) => parseRequestFacts(parsePem(csr, LABELS, 'csr.malformed')).publicKey)
    assert.equal(publicKeys.length, 2)
    assert.deepEqual(publicKeys[0], publicKeys[1])
  })
})
