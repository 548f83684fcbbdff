import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
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
