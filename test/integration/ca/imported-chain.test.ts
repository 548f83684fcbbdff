import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Authorities } from '../../../src/ca/authorities.ts'
import type { Authority } from '../../../src/ca/authority.ts'
import { checkImport } from '../../../src/ca/import/check-import.ts'
import { openImporter } from '../../../src/ca/import/importer.ts'
import { LeafSigner } from '../../../src/ca/issue/sign-leaf.ts'
import { parseSpiffeId } from '../../../src/identity/spiffe-id.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { buildAuthorityCsr } from '../../../src/pki/build-authority-csr.ts'
import { readCaDirectory } from '../../../src/pki/ca-directory.ts'
import { generateKey, toSigner } from '../../../src/pki/file-keys.ts'
import { memoryKeys } from '../../support/authority.ts'
import { FakeRecord } from '../../support/fakes.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { makeCacerts } from '../../support/openssl-ca.ts'
import { newDirectory } from '../../support/service.ts'

const IDENTITY = 'spiffe://cluster.local/ns/default/sa/web'

const neverCalled = async () => assert.fail('not called')

async function importedSigner(
  directory: string,
): Promise<{ readonly signer: LeafSigner; readonly all: readonly Authority[] }> {
  const keys = memoryKeys()
  let all: readonly Authority[] = []
  const importer = openImporter({
    keys,
    intake: {
      async adopt(authorities) {
        all = authorities.map((one) => ({ ...one, state: 'active' }))
      },
    },
    known: () => [],
    trustedRoots: () => [],
    clock: systemClock,
    trustDomain: 'cluster.local',
    defaultTtlSeconds: 3600,
    ownNames: { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: [], ips: [] },
    record: neverCalled,
  })
  const { material, findings } = await readCaDirectory(directory)
  assert.ok(material !== null, JSON.stringify(findings))
  const outcome = await importer.import(material, { actor: 'local', reason: 'test' })
  assert.ok(outcome.accepted, JSON.stringify(outcome.findings))
  const store = {
    loadAuthorities: async () => ({ authorities: all, rotations: [], bundleSequence: 1 }),
    saveAuthorities: neverCalled,
  }
  const random = (size: number) => randomBytes(size)
  const plan = { keyType: 'ec-p256', ttl: 3600 } as const
  const authorities = await Authorities.open(
    { store, keys, clock: systemClock, random, log: silentLog, publish: async () => {} },
    { trustDomain: 'cluster.local', root: plan, intermediate: plan },
  )
  const record = new FakeRecord()
  return {
    all,
    signer: new LeafSigner({ authorities, record, clock: systemClock, random, backdate: 120, verifySample: 1 }),
  }
}

test('openssl takes a leaf below an imported intermediate, with the chain that goes with it', {
  skip: opensslMissing,
}, async () => {
  const directory = newDirectory()
  makeCacerts(directory)
  const { signer, all } = await importedSigner(directory)
  const { publicKey } = toSigner(generateKey('ec-p256'), 'ec-p256')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const spkiSha256 = createHash('sha256').update(spki).digest()
  const draft = signer.draft({ uri: IDENTITY }, { spki, keyType: 'ec-p256', spkiSha256, csrSha256: spkiSha256 }, 3600)
  const identity = parseSpiffeId(IDENTITY, 'request.malformed')
  const issued = await signer.sign(draft, { caller: { identity, attestor: 'admin', subject: 'local' }, peer: 'local' })
  writeFileSync(join(directory, 'leaf.pem'), issued.leaf)
  writeFileSync(join(directory, 'untrusted.pem'), issued.issuer.intermediates.join(''))
  const files = ['-untrusted', join(directory, 'untrusted.pem'), join(directory, 'leaf.pem')]
  assert.match(
    openssl(['verify', '-x509_strict', '-CAfile', join(directory, 'root-cert.pem'), ...files]),
    /leaf\.pem: OK/,
  )
  assert.deepEqual(
    all.map(({ chain }) => chain.length),
    [0, 1],
  )
  assert.equal(issued.issuer.intermediates.length, 2)
})

test('openssl signs the CSR of an intermediate as it is, and the certificate is fit', {
  skip: opensslMissing,
}, async () => {
  const directory = newDirectory()
  makeCacerts(directory)
  const signer = toSigner(generateKey('ec-p384'), 'ec-p384')
  const by = ['-CA', join(directory, 'root-cert.pem'), '-CAkey', join(directory, 'root-key.pem')]
  const csr = await buildAuthorityCsr(signer, 'cluster.local')
  const certificate = openssl(['x509', '-req', '-copy_extensions', 'copyall', '-days', '9', ...by], csr)
  const roots = readFileSync(join(directory, 'root-cert.pem'), 'utf8')
  const material = { certificate: { name: 'signed.pem', text: certificate }, key: null, chain: null, roots: null }
  const { imported, findings } = checkImport(material, {
    now: Math.floor(Date.now() / 1000),
    trustDomain: 'cluster.local',
    defaultTtlSeconds: 3600,
    ownNames: { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: ['istiod'], ips: ['::1'] },
    trustedRoots: [roots],
  })
  assert.deepEqual(findings, [])
  assert.equal(imported?.keyType, 'ec-p384')
})
