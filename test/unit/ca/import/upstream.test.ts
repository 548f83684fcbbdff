import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import type { Importer } from '../../../../src/ca/import/importer.ts'
import { type PendingKeyDeps, pendingKey } from '../../../../src/ca/import/pending-key.ts'
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
let note: string | null
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
  note = null
  keys = memoryKeys()
  clock = new FakeClock(NOW * 1000)
  renewal = openRenewal()
})

function openRenewal(): UpstreamRenewal {
  return new UpstreamRenewal({
    importer,
    keys,
    note: {
      read: async () => note,
      write: async (line) => {
        note = line
      },
    },
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
}

/** Which of the CSRs so far are for the same key. */
function askedKeys(): readonly string[] {
  return asked.map((csr) => parseRequestFacts(parsePem(csr, LABELS, 'csr.malformed')).publicKey.toString('hex'))
}

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
    const [first, second] = askedKeys()
    assert.equal(asked.length, 2)
    assert.equal(first, second)
  })

  test('with the same key after a restart, and with a new one once an authority has it', async () => {
    failure = new Error('nobody there')
    await renewal.tick()
    await openRenewal().tick()
    assert.equal(new Set(askedKeys()).size, 1)
    known = [intermediate({ id: (note ?? '').trim().split(' ')[1] ?? '', notBefore: NOW - LIFE })]
    await openRenewal().tick()
    assert.equal(new Set(askedKeys()).size, 2)
  })

  for (const line of ['ec-p384 KEY\n', 'ec-p256 ../../KEY\n', 'ec-p256 KEY with more', '', 'KEY']) {
    test(`with a new key where the note is \`${line.trim()}\``, async () => {
      failure = new Error('nobody there')
      await renewal.tick()
      const [, id = ''] = (note ?? '').trim().split(' ')
      note = line.replace('KEY', line.includes('with') ? `${id}x` : id)
      await renewal.tick()
      assert.equal(new Set(askedKeys()).size, 2)
    })
  }

  test('and a key that cannot be remembered is discarded', async () => {
    const discarded: string[] = []
    const made: string[] = []
    const deps = {
      keys: {
        ...keys,
        create: async (keyType: 'ec-p256') => {
          const key = await keys.create(keyType)
          made.push(key.id)
          return key
        },
        discard: async (id: string) => void discarded.push(id),
      },
      note: { read: async () => null, write: () => Promise.reject(new Error('the disk is full')) },
      known: () => [],
    }
    await assert.rejects(pendingKey('ec-p256', deps as PendingKeyDeps), /the disk is full/)
    assert.equal(made.length, 1)
    assert.deepEqual(discarded, made)
  })
})
