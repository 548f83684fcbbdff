import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { type Importer, openImporter, toRefusal } from '../../../../src/ca/import/importer.ts'
import type { ImportNote } from '../../../../src/ca/import/intake.ts'
import type { KeyProvider } from '../../../../src/ca/key-provider.ts'
import { parseRequestFacts } from '../../../../src/pki/explain/facts.ts'
import { parsePem, toPem } from '../../../../src/pki/pem.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { caMaterial, keyPem, newKey, ROOT, ROOT_PEM, rootPem, signerPem } from '../../../support/ca-material.ts'
import { FakeClock } from '../../../support/fakes.ts'
import { basicConstraints, buildOddCertificate, ODD_NOW } from '../../../support/odd-certificate.ts'

const NOTE: ImportNote = { actor: 'local', reason: 'day one' }

let known: Authority[]
let adopted: (readonly Authority[])[]
let recorded: string[]
let keys: KeyProvider
let importer: Importer

beforeEach(() => {
  known = []
  adopted = []
  recorded = []
  keys = memoryKeys()
  importer = openImporter({
    keys,
    intake: { adopt: async (authorities) => void adopted.push(authorities) },
    known: () => known,
    trustedRoots: () => [ROOT_PEM],
    clock: new FakeClock(ODD_NOW * 1000),
    trustDomain: 'cluster.local',
    defaultTtlSeconds: 3600,
    ownNames: { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: ['istiod'], ips: ['127.0.0.1'] },
    record: async ({ id }) => void recorded.push(id),
  })
})

function codesOf(findings: readonly { readonly code: string; readonly level: string }[]): readonly string[] {
  return findings.filter(({ level }) => level === 'error').map(({ code }) => code)
}

describe('an import', () => {
  test('stores the key and hands over a root without one and the intermediate, both prepared', async () => {
    const { accepted, id } = await importer.import(caMaterial(), NOTE)
    assert.ok(accepted && id !== null)
    const [[root, intermediate] = []] = adopted
    assert.deepEqual(
      [root?.kind, root?.state, intermediate?.kind, intermediate?.state],
      ['root', 'prepared', 'intermediate', 'prepared'],
    )
    assert.equal(intermediate?.issuer, root?.id)
    assert.equal(intermediate?.id, id)
    assert.equal(await keys.has(id), true)
    assert.equal(await keys.has(root?.id ?? ''), false)
  })

  test('that is only checked changes nothing', async () => {
    const { accepted, authorities } = await importer.check(caMaterial())
    assert.equal(accepted, true)
    assert.equal(authorities.length, 2)
    assert.deepEqual(adopted, [])
    assert.equal(await keys.has(authorities[1]?.id ?? ''), false)
  })

  test('that is refused stores no key', async () => {
    const { accepted, findings } = await importer.import(caMaterial({ key: keyPem(ROOT.key) }), NOTE)
    assert.equal(accepted, false)
    assert.deepEqual(adopted, [])
    const refusal = toRefusal(findings)
    assert.equal(refusal.code, 'authority.import_refused')
    assert.deepEqual(
      refusal.faults?.map(({ path, code }) => [path, code]),
      [['ca-key.pem', 'key.mismatch']],
    )
  })

  test('of what is known changes nothing; a renewed certificate keeps the state of its authority', async () => {
    const { authorities } = await importer.import(caMaterial(), NOTE)
    known = authorities.map((one) => ({ ...one, state: 'active', publishedSequence: 2 }))
    assert.deepEqual((await importer.import(caMaterial(), NOTE)).authorities, [])
    assert.equal(adopted.length, 1)
    const renewed = await importer.import(caMaterial({ certificate: signerPem({ notAfter: ODD_NOW + 86_400 }) }), NOTE)
    assert.deepEqual(
      renewed.authorities.map(({ kind, state, notAfter }) => [kind, state, notAfter]),
      [['intermediate', 'active', ODD_NOW + 86_400]],
    )
  })

  for (const state of ['tainted', 'revoked', 'retired'] as const) {
    test(`brings no ${state} key back`, async () => {
      known = (await importer.check(caMaterial())).authorities.map((one) => ({ ...one, state }))
      assert.deepEqual(codesOf((await importer.import(caMaterial(), NOTE)).findings), ['key.given_up', 'key.given_up'])
      assert.deepEqual(adopted, [])
    })
  }

  test('does not make an intermediate of what is a root here', async () => {
    known = (await importer.check(caMaterial())).authorities.map((one) => ({ ...one, kind: 'root' }))
    assert.deepEqual(codesOf((await importer.import(caMaterial(), NOTE)).findings), ['key.other_kind'])
  })
})

describe('an import that would take effect at once, or never', () => {
  const OTHER_ROOT = { name: 'Other root', key: newKey() }
  const otherRoot = rootPem({ ...OTHER_ROOT, issuer: OTHER_ROOT })

  const knownIn = async (state: Authority['state']) =>
    (await importer.check(caMaterial())).authorities.map((one) => ({ ...one, state, publishedSequence: 2 }))

  for (const state of ['active', 'draining'] as const) {
    test(`moves no ${state} intermediate below another root`, async () => {
      known = await knownIn(state)
      const moved = caMaterial({ certificate: signerPem({ issuer: OTHER_ROOT }), roots: otherRoot })
      assert.deepEqual(codesOf((await importer.import(moved, NOTE)).findings), ['key.other_root'])
      assert.deepEqual(adopted, [])
    })
  }

  test('renames no authority that others descend from', async () => {
    known = await knownIn('active')
    const renamed = caMaterial({ certificate: signerPem({ name: 'Renamed' }) })
    assert.deepEqual(codesOf((await importer.import(renamed, NOTE)).findings), ['key.renamed'])
    assert.deepEqual(adopted, [])
  })

  test('is refused below a root that drains: it could never sign', async () => {
    known = await knownIn('draining')
    const key = newKey()
    const next = caMaterial({ certificate: signerPem({ name: 'Next signer', key }), key: keyPem(key) })
    assert.deepEqual(codesOf((await importer.import(next, NOTE)).findings), ['root.not_signing'])
    assert.deepEqual(adopted, [])
  })
})

describe('upstream', () => {
  test('a CSR is made here, signed elsewhere, and its certificate imported without a key', async () => {
    const { id, csr, keyType } = await importer.createCsr('ec-p384', 'local')
    assert.deepEqual([keyType, recorded], ['ec-p384', [id]])
    const request = parseRequestFacts(parsePem(csr, ['CERTIFICATE REQUEST'], 'csr.malformed'))
    assert.match(request.subject, /^O=cluster\.local, CN=Alcazar intermediate [0-9a-f]{8}$/)
    assert.deepEqual(request.extensions.basicConstraints?.value, { isCa: true, pathLength: 0 })
    assert.deepEqual(request.uris, ['spiffe://cluster.local'])
    const der = buildOddCertificate({
      ca: true,
      name: 'Signed elsewhere',
      spki: request.publicKey,
      issuer: ROOT,
      basicConstraints: basicConstraints(true, 0),
      notAfter: ODD_NOW + 86_400,
    })
    const material = caMaterial({ certificate: toPem('CERTIFICATE', der), key: null, chain: null, roots: null })
    assert.equal((await importer.import(material, NOTE)).id, id)
    assert.equal(adopted[0]?.at(-1)?.keyType, 'ec-p384')
  })

  test('a certificate without a key, for a key that is not here, is refused', async () => {
    assert.deepEqual(codesOf((await importer.import(caMaterial({ key: null }), NOTE)).findings), ['key.missing'])
  })
})
