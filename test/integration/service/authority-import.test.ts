import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readAuthorityCertificate } from '../../../src/pki/build-certificate.ts'
import { buildCrl } from '../../../src/pki/crl.ts'
import { toSigner } from '../../../src/pki/file-keys.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { buildCsr } from '../../support/csr-builder.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { makeCacerts } from '../../support/openssl-ca.ts'
import { newDirectory, runRefused, type Service, startService } from '../../support/service.ts'
import { administer, eventually, readMetric } from '../../support/service-api.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const FILES = { certificate: 'ca-cert.pem', key: 'ca-key.pem', chain: 'cert-chain.pem', roots: 'root-cert.pem' }

function newCacerts(): string {
  const cacerts = join(newDirectory(), 'cacerts')
  mkdirSync(cacerts)
  makeCacerts(cacerts)
  return cacerts
}

/** Has a certificate issued and verified by openssl under `roots`; gives how many certificates its chain has. */
async function issueAndVerify(service: Service, roots: string): Promise<number> {
  const { status, json, text } = await administer(service, 'POST', '/v1/certificates', {
    csr: buildCsr(),
    identity: WEB,
  })
  assert.equal(status, 201, text)
  const directory = newDirectory()
  const [leaf = '', ...intermediates] = json.chain ?? []
  writeFileSync(join(directory, 'leaf.pem'), leaf)
  writeFileSync(join(directory, 'chain.pem'), intermediates.join(''))
  const files = ['-untrusted', join(directory, 'chain.pem'), join(directory, 'leaf.pem')]
  assert.match(openssl(['verify', '-x509_strict', '-CAfile', roots, ...files]), /OK/)
  return json.chain?.length ?? 0
}

/** A leaf, and what `openssl verify` says of it when every CA of its chain has to have a CRL. */
async function issueForCrls(service: Service) {
  const { json } = await administer(service, 'POST', '/v1/certificates', { csr: buildCsr(), identity: WEB })
  const chain = json.chain ?? []
  const directory = newDirectory()
  writeFileSync(join(directory, 'leaf.pem'), chain[0] ?? '')
  writeFileSync(join(directory, 'chain.pem'), chain.slice(1).join(''))
  const files = ['-untrusted', join(directory, 'chain.pem'), '-CRLfile', join(service.data, 'crl.pem')]
  const roots = ['-CAfile', join(service.data, 'bundle.pem')]
  const verify = () => {
    try {
      return openssl(['verify', '-crl_check_all', ...roots, ...files, join(directory, 'leaf.pem')])
    } catch (error) {
      return String(error)
    }
  }
  return { chain, verify }
}

/** The empty CRL of an authority of `makeCacerts`, PEM. */
async function crlOf(cacerts: string, name: string): Promise<string> {
  const { name: issuer, keyId } = readAuthorityCertificate(readFileSync(join(cacerts, `${name}-cert.pem`), 'utf8'))
  const signer = toSigner(createPrivateKey(readFileSync(join(cacerts, `${name}-key.pem`))), 'ec-p256')
  const thisUpdate = Math.floor(Date.now() / 1000) - 60
  const times = { thisUpdate, nextUpdate: thisUpdate + 86_400 }
  return toPem('X509 CRL', await buildCrl({ issuer, keyId, number: 1, ...times, entries: [] }, signer))
}

function materialOf(cacerts: string): Record<string, { name: string; text: string }> {
  return Object.fromEntries(
    Object.entries(FILES).map(([part, name]) => [part, { name, text: readFileSync(join(cacerts, name), 'utf8') }]),
  )
}

// biome-ignore lint/suspicious/noExplicitAny: what the test knows to be there
const jsonOf = async (service: Service, path: string): Promise<any> => (await administer(service, 'GET', path)).json

describe('an authority of one’s own', { skip: opensslMissing }, () => {
  test('is the first one where its directory is configured, and is watched', async () => {
    const cacerts = newCacerts()
    const service = await startService({ config: { authority: { import: { directory: cacerts, watch: true } } } })
    assert.equal(await issueAndVerify(service, join(cacerts, 'root-cert.pem')), 3)
    assert.equal(
      service.roots().replaceAll('\n', ''),
      readFileSync(join(cacerts, 'root-cert.pem'), 'utf8').replaceAll('\n', ''),
    )
    assert.equal((await jsonOf(service, '/v1/status')).authorityImport.ok, true)
    const series = `alcazar_authority_import_ok{directory="${cacerts}"}`
    assert.equal(await readMetric(service, series), 1)
    writeFileSync(join(cacerts, 'ca-key.pem'), readFileSync(join(cacerts, 'root-key.pem')))
    await eventually('the refusal', async () => (await readMetric(service, series)) === 0)
    const { authorityImport, problems } = await jsonOf(service, '/v1/status')
    assert.match(authorityImport.problem, /ca-key\.pem: it is not the key of ca-cert\.pem/)
    assert.match(problems.join(), /is refused/)
    assert.equal(await issueAndVerify(service, join(cacerts, 'root-cert.pem')), 3)
    await service.stop()
  })

  test('has the CRLs of those above it served beside ours, so that who checks the whole chain accepts leaves', async () => {
    const cacerts = newCacerts()
    const service = await startService({ config: { authority: { import: { directory: cacerts, watch: true } } } })
    const { chain, verify } = await issueForCrls(service)
    assert.equal(chain.length, 3)
    const { items } = await jsonOf(service, '/v1/crls')
    const warned = items.filter(({ warning }: { warning: string | null }) => warning !== null)
    assert.deepEqual(warned.map(({ kind }: { kind: string }) => kind).toSorted(), ['intermediate', 'root'])
    assert.match(verify(), /unable to get certificate CRL/)

    const crls = await Promise.all(['root', 'policy'].map((name) => crlOf(cacerts, name)))
    writeFileSync(join(cacerts, 'ca-crl.pem'), crls.join(''))
    await eventually(
      'the CRLs',
      () => readFileSync(join(service.data, 'crl.pem'), 'utf8').match(/BEGIN/g)?.length === 3,
    )
    assert.match(verify(), /OK/)
    assert.deepEqual((await jsonOf(service, '/v1/status')).problems, [])
    const policy = (await jsonOf(service, '/v1/crls')).items.at(-1)
    const one = await administer(service, 'GET', `/v1/crl/${policy.authority}`)
    assert.equal(one.status, 200)
    await service.stop()
  })

  test('brings other roots along, which are believed until the file leaves them out', async () => {
    const cacerts = newCacerts()
    const others = join(cacerts, 'others')
    mkdirSync(others)
    makeCacerts(others)
    const otherRoot = readFileSync(join(others, 'root-cert.pem'), 'utf8')
    const file = join(cacerts, 'root-cert.pem')
    const own = readFileSync(file, 'utf8')
    writeFileSync(file, `${own}${otherRoot}`)
    const config = { authority: { import: { directory: cacerts, watch: true } } }
    const first = await startService({ config })
    const rootsOf = async (service: Service) => {
      const { items } = await jsonOf(service, '/v1/authorities')
      return items
        .filter((one: { kind: string }) => one.kind === 'root')
        .map((one: { state: string }) => one.state)
        .toSorted()
    }
    assert.deepEqual(await rootsOf(first), ['active', 'trusted'])
    assert.equal(first.roots().match(/BEGIN/g)?.length, 2)
    assert.match((await administer(first, 'GET', '/v1/crl')).text, /BEGIN/)
    await first.kill()

    const aside = `${cacerts}.away`
    renameSync(cacerts, aside)
    const second = await startService({ directory: first.directory, config })
    assert.deepEqual(await rootsOf(second), ['active', 'trusted'], 'stored, whatever becomes of the files')
    const { sequence } = (await jsonOf(second, '/v1/status')).bundle
    await second.kill()

    renameSync(aside, cacerts)
    const third = await startService({ directory: first.directory, config })
    assert.equal((await jsonOf(third, '/v1/status')).bundle.sequence, sequence)
    writeFileSync(file, own)
    await eventually('it leaves', async () => (await rootsOf(third)).join() === 'active,retired')
    await eventually('its file', () => third.roots().match(/BEGIN/g)?.length === 1)
    assert.equal((await jsonOf(third, '/v1/status')).bundle.sequence, sequence + 1)

    const { key: _key, ...material } = materialOf(cacerts)
    const both = { name: 'root-cert.pem', text: `${own}${otherRoot}` }
    await administer(third, 'POST', '/v1/authorities/import', { ...material, roots: both })
    assert.deepEqual(await rootsOf(third), ['active', 'trusted'], 'and comes back by hand')
    const { items } = await jsonOf(third, '/v1/authorities')
    const { id } = items.find((one: { state: string }) => one.state === 'trusted')
    const activated = await administer(third, 'POST', `/v1/authorities/${id}/activate`, {})
    assert.equal(activated.json.code, 'authority.invalid_transition')
    await administer(third, 'POST', `/v1/authorities/${id}/retire`, {})
    assert.deepEqual(await rootsOf(third), ['active', 'retired'])
    await third.stop()
  })

  test('that is not fit ends the first start', async () => {
    const cacerts = newCacerts()
    writeFileSync(join(cacerts, 'cert-chain.pem'), '')
    const { code, stderr } = await runRefused({ config: { authority: { import: { directory: cacerts } } } })
    assert.equal(code, 1)
    assert.match(stderr, /cert-chain\.pem: it is empty \[pem\.malformed\].*\[authority\.import_refused\]/s)
  })

  test('is judged, refused or taken over the API, and does not sign before its time', async () => {
    const cacerts = newCacerts()
    const service = await startService()
    const material = materialOf(cacerts)
    const { key: _key, ...keyless } = material
    const refused = await administer(service, 'POST', '/v1/authorities/import', keyless)
    assert.deepEqual([refused.status, refused.json.code], [422, 'authority.import_refused'])
    const judged = await administer(service, 'POST', '/v1/authorities/import', { ...material, dryRun: true })
    assert.match(judged.text, /"accepted":true/)
    assert.equal((await jsonOf(service, '/v1/authorities')).items.length, 3)
    const taken = await administer(service, 'POST', '/v1/authorities/import', { ...material, reason: 'ours' })
    assert.equal(taken.status, 200, taken.text)
    const states = (await jsonOf(service, '/v1/authorities')).items.map(
      (one: { kind: string; state: string }) => `${one.kind} ${one.state}`,
    )
    assert.deepEqual(states.filter((one: string) => one.endsWith('prepared')).toSorted(), [
      'intermediate prepared',
      'root prepared',
    ])
    assert.match(service.roots(), /(-----BEGIN.*){2}/s)
    await issueAndVerify(service, join(service.data, 'bundle.pem'))
    await service.stop()
  })

  test('takes over at once where our root certifies its root', async () => {
    const cacerts = newCacerts()
    const service = await startService()
    const ours = join(cacerts, 'ours.pem')
    writeFileSync(ours, service.roots())
    await issueAndVerify(service, ours)
    const { json } = await administer(service, 'POST', '/v1/authorities/import', materialOf(cacerts))
    const { id } = Object(json)
    const waits = await administer(service, 'POST', `/v1/authorities/${id}/activate`, {})
    assert.equal(waits.json.code, 'authority.not_ready')
    const activated = await administer(service, 'POST', `/v1/authorities/${id}/activate`, { crossSign: true })
    assert.equal(activated.status, 200, activated.text)
    for (const roots of [ours, join(cacerts, 'root-cert.pem')]) assert.equal(await issueAndVerify(service, roots), 4)
    await service.stop()
  })

  test('may come from upstream: another service keeps the root and records what it signs', async () => {
    const administrator = 'spiffe://cluster.local/ns/ops/sa/branch'
    const upstream = await startService({ config: { admins: [{ identity: administrator, role: 'admin' }] } })
    const directory = newDirectory()
    const at = (name: string) => join(directory, name)
    writeFileSync(at('key.pem'), openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']))
    const csr = openssl(['req', '-new', '-key', at('key.pem'), '-subj', '/'])
    const { json } = await administer(upstream, 'POST', '/v1/certificates', { csr, identity: administrator })
    writeFileSync(at('cert.pem'), (json.chain ?? []).join(''))
    const url = `https://localhost:${upstream.port('https')}`
    const proof = { caFile: join(upstream.data, 'bundle.pem'), certFile: at('cert.pem'), keyFile: at('key.pem') }
    const branch = await startService({ config: { authority: { upstream: { url, ...proof } } } })
    assert.equal(branch.roots(), upstream.roots())
    assert.equal(await issueAndVerify(branch, join(upstream.data, 'bundle.pem')), 2)
    const { items } = await jsonOf(upstream, '/v1/issued?identity=spiffe://cluster.local')
    assert.deepEqual(
      items.map((one: { subject: string; outcome: string }) => [one.subject, one.outcome]),
      [[administrator, 'issued']],
    )
    await branch.stop()
    await upstream.stop()
  })
})
