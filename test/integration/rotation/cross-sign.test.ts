import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { buildCsr, P256_KEY } from '../../support/csr-builder.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { type Peer, shakeHands } from '../../support/peers.ts'
import { listAuthorities, readRotation, untilRotation } from '../../support/rotations.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer } from '../../support/service-api.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const directory = newDirectory()
const KEY = P256_KEY.export({ type: 'pkcs8', format: 'pem' }).toString()

async function post(service: Service, path: string, body: Json) {
  const { status, text } = await administer(service, 'POST', path, body)
  assert.ok(status < 300, `${path}: ${text}`)
  return JSON.parse(text)
}

/** A new holder, and how many certificates it shows. */
async function newPeer(service: Service): Promise<Peer & { readonly shown: number }> {
  const { chain = [], bundle = [] } = await post(service, '/v1/certificates', { csr: buildCsr(), identity: WEB })
  return { key: KEY, cert: chain.join(''), roots: bundle.join(''), shown: chain.length }
}

function verify(cert: string, roots: string, more: readonly string[] = []): string {
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const chain = file('chain.pem', cert) // openssl takes the first for the leaf
  return openssl(['verify', '-x509_strict', ...more, '-CAfile', file('roots.pem', roots), '-untrusted', chain, chain])
}

async function rootIn(service: Service, state: string): Promise<string> {
  const found = (await listAuthorities(service)).find((one) => one.kind === 'root' && one.state === state)
  return found?.id ?? assert.fail(`no root is ${state}`)
}

describe('a root that the old one has cross-signed', { skip: opensslMissing }, () => {
  test('signs at once, also after SIGKILL, and who has the old bundle alone believes and is believed', async () => {
    const first = await startService()
    const before = await newPeer(first)
    const old = await rootIn(first, 'active')
    const { id } = await post(first, '/v1/rotations', {
      ...{ kind: 'root', keyType: 'ec-p384', crossSign: true, reason: 'a test' },
    })
    await first.kill() // it is prepared, or active already: stored with its cross-certificate either way
    const service = await startService({ directory: first.directory })
    const { to } = await untilRotation(service, id, ['draining'])
    assert.equal(await rootIn(service, 'active'), to)

    const after = await newPeer(service)
    const newRoot = after.roots.replace(before.roots, '')
    assert.deepEqual([before.shown, after.shown], [2, 3])
    assert.match(verify(after.cert, before.roots), /OK/)
    assert.match(verify(after.cert, newRoot), /OK/)
    const crls = join(directory, 'crl.pem')
    writeFileSync(crls, (await administer(service, 'GET', '/v1/crl')).text)
    for (const roots of [before.roots, newRoot]) {
      assert.match(verify(after.cert, roots, ['-crl_check_all', '-CRLfile', crls]), /OK/)
    }
    await shakeHands(before, after)
    await shakeHands(after, before)
    await shakeHands({ ...after, roots: newRoot }, after)
    await assert.rejects(shakeHands({ ...after, roots: newRoot }, before), 'the old leaf needs the old root')

    await service.kill()
    const again = await startService({ directory: first.directory })
    assert.equal((await readRotation(again, id)).state, 'draining', 'the old root is needed')
    const later = await newPeer(again)
    assert.equal(later.shown, 3)
    await shakeHands(before, later)

    await post(again, `/v1/authorities/${old}/revoke`, { reason: 'a test' })
    const last = await newPeer(again)
    assert.equal(last.shown, 2, 'nobody is told to believe the revoked root')
    assert.equal(last.roots, newRoot)
    assert.throws(() => verify(last.cert, before.roots))
    await again.stop()
  })

  test('by the configuration, each step by hand; the dry run foresees it', async () => {
    const service = await startService({ config: { authority: { root: { crossSign: true } } } })
    await newPeer(service)
    const plan = { kind: 'root', dryRun: true }
    assert.equal((await administer(service, 'POST', '/v1/rotations', plan)).text.includes('"waitingFor":null'), true)
    const without = await administer(service, 'POST', '/v1/rotations', { ...plan, crossSign: false })
    assert.match(without.text, /"waitingFor":\{"certificates":[12],/)
    const old = await rootIn(service, 'active')
    await post(service, '/v1/authorities', { kind: 'root', reason: 'a test' })
    const next = await rootIn(service, 'prepared')
    assert.match((await administer(service, 'GET', '/v1/authorities')).text, new RegExp(`"crossSignedBy":"${old}"`))
    await post(service, `/v1/authorities/${next}/activate`, {})
    assert.equal((await newPeer(service)).shown, 3)
    await service.stop()
  })

  test('only where it is one, and only a root is', async () => {
    const service = await startService()
    await newPeer(service)
    const refused = async (path: string, body: Json) => (await administer(service, 'POST', path, body)).json.code
    const asked = { crossSign: true, reason: 'a test' }
    assert.equal(await refused('/v1/rotations', { kind: 'jwt', ...asked }), 'authority.invalid_transition')
    await post(service, '/v1/authorities', { kind: 'root' })
    const next = await rootIn(service, 'prepared')
    assert.equal(await refused(`/v1/authorities/${next}/activate`, {}), 'authority.not_ready')
    assert.equal(await refused(`/v1/authorities/${next}/retire`, asked), 'request.malformed')
    await post(service, `/v1/authorities/${next}/activate`, { crossSign: true })
    assert.equal((await newPeer(service)).shown, 3)
    await service.stop()
  })
})
