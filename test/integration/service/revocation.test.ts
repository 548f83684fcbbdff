import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DOORS, newRequest, type Proof, STATUS } from '../../support/doors.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { administer, createToken, exchange } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const SCRIPT = join(import.meta.dirname, '../../../scripts/emergency-revoke.sh')
const directory = newDirectory()

let service: Service
before(async () => {
  service = await startService({ config: { attestation: ATTESTATION } })
})
after(() => service.stop())

/** A certificate by a Kubernetes token, ready to be shown in a handshake. */
async function certified(namespace: string, name: string) {
  const { csr, pem } = newRequest(idOf(namespace, name))
  const answer = await ask({ token: kubernetesToken(namespace, name) }, csr)
  assert.equal(answer.status, STATUS.REST.issued, answer.reason ?? '')
  return { chain: answer.chain, csr, certificate: { cert: answer.chain.join(''), key: pem } }
}

async function ask(proof: Proof, csr: string, door: keyof typeof DOORS = 'REST') {
  const opened = DOORS[door](service, proof)
  try {
    return await opened.ask(csr)
  } finally {
    opened.close()
  }
}

/** The script with the answers of a person left out; the command line needs the Node that runs the tests. */
function emergency(...words: readonly string[]) {
  const path = `${join(process.execPath, '..')}:${process.env.PATH}`
  const env = { PATH: path, ALCAZAR_SERVER: service.address('admin') }
  return spawnSync('sh', [SCRIPT, ...words], { encoding: 'utf8', env })
}

/** What `openssl verify` says of a chain when every CA of it has to have a CRL. */
function verify(chain: readonly string[]): string {
  const leaf = join(directory, 'leaf.pem')
  const intermediates = join(directory, 'intermediates.pem')
  writeFileSync(leaf, chain[0] ?? '')
  writeFileSync(intermediates, chain.slice(1).join(''))
  const roots = join(service.data, 'bundle.pem')
  const lists = ['-CRLfile', join(service.data, 'crl.pem')]
  try {
    return openssl(['verify', '-crl_check_all', '-CAfile', roots, '-untrusted', intermediates, ...lists, leaf])
  } catch (error) {
    return String(error)
  }
}

function keyHashOf(pem: string | undefined): string {
  const { publicKey } = new X509Certificate(pem ?? '')
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

function getCrls() {
  const options = { host: '127.0.0.1', port: service.port('https'), path: '/v1/crl', ca: service.roots(), agent: false }
  return exchange(https.get(options))
}

test('from the start there is an empty CRL for every authority', { skip: opensslMissing }, async () => {
  const { chain } = await certified('crl', 'web')
  assert.match(verify(chain), /OK/)
  const { status, text, headers } = await getCrls()
  assert.equal(status, 200)
  assert.equal(text.match(/BEGIN X509 CRL/g)?.length, 2)
  assert.ok(headers.etag?.startsWith('"'))
  assert.equal(readFileSync(join(service.data, 'crl.pem'), 'utf8'), text)
  assert.equal(statSync(join(service.data, 'crl.pem')).mode & 0o777, 0o644)
})

describe('emergency-revoke.sh', () => {
  test('an identity: no proof of it gets anything, and what it has is revoked', { skip: opensslMissing }, async () => {
    const identity = idOf('lost', 'laptop')
    const held = await certified('lost', 'laptop')
    const joinToken = await createToken(service, identity)
    assert.match(verify(held.chain), /OK/)
    const { status, stdout, stderr } = emergency('--identity', identity, '--reason', 'lost laptop', '--yes')
    assert.equal(status, 0, stderr)
    assert.match(stdout, /certificates revoked: 1\n/)
    assert.match(verify(held.chain), /certificate revoked/)
    for (const door of ['REST', 'gRPC'] as const) {
      for (const proof of [
        { certificate: held.certificate },
        { token: kubernetesToken('lost', 'laptop') },
        { token: joinToken },
      ]) {
        const answer = await ask(proof, newRequest().csr, door)
        assert.deepEqual([answer.status, answer.reason], [STATUS[door].denied, 'ISSUE_DENIED'])
      }
    }
    assert.equal(emergency('--identity', identity, '--reason', 'again', '--yes').status, 0)
  })

  test('a serial: that certificate alone', { skip: opensslMissing }, async () => {
    const [first, second] = [await certified('shop', 'api'), await certified('shop', 'api')]
    const { serialNumber } = new X509Certificate(first.chain[0] ?? '')
    assert.equal(emergency('--serial', serialNumber, '--reason', 'copied', '--yes').status, 0)
    assert.match(verify(first.chain), /certificate revoked/)
    assert.match(verify(second.chain), /OK/)
    assert.equal((await ask({ certificate: first.certificate }, newRequest().csr)).reason, 'ISSUE_DENIED')
    assert.equal((await ask({ certificate: second.certificate }, newRequest().csr)).status, 201)
  })

  test('a public key: no certificate for it, whoever asks', { skip: opensslMissing }, async () => {
    const held = await certified('shop', 'cart')
    const hash = keyHashOf(held.chain[0])
    assert.equal(emergency('--public-key', hash, '--reason', 'published', '--yes').status, 0)
    assert.match(verify(held.chain), /certificate revoked/)
    const token = kubernetesToken('shop', 'cart')
    assert.equal((await ask({ token }, held.csr)).reason, 'ISSUE_DENIED')
    assert.equal((await ask({ token }, newRequest(idOf('shop', 'cart')).csr)).status, 201)
  })

  for (const [words, exit, says] of [
    [['--serial', 'ff', '--reason', 'x', '--yes'], 1, /resource\.not_found/],
    [['--identity', idOf('shop', 'x'), '--yes'], 2, /--reason/],
    [['--reason', 'x', '--yes'], 2, /--serial, --identity or --public-key/],
    [['--serial', 'ff', '--identity', 'x', '--reason', 'x', '--yes'], 2, /not two/],
    [['--identity', idOf('shop', 'x'), '--reason', 'x'], 2, /nobody to ask/],
    [['--force'], 2, /--force/],
  ] as const) {
    test(`\`${words.join(' ').slice(0, 50)}\` exits ${exit} and says why`, () => {
      const { status, stderr } = emergency(...words)
      assert.equal(status, exit, stderr)
      assert.match(stderr, says)
    })
  }
})

test('what was revoked with an identity stays so when that is taken off the list', async () => {
  const identity = idOf('back', 'again')
  const { certificate } = await certified('back', 'again')
  const added = await administer(service, 'POST', '/v1/denied', { identity, reason: 'a mistake' })
  assert.equal(added.status, 201)
  const removed = await administer(service, 'DELETE', `/v1/denied?identity=${encodeURIComponent(identity)}`)
  assert.equal(removed.status, 204)
  assert.equal((await ask({ certificate }, newRequest().csr)).reason, 'ISSUE_DENIED')
  assert.equal((await ask({ token: kubernetesToken('back', 'again') }, newRequest().csr)).status, 201)
})

test('all of it survives SIGKILL, and numbers go on ascending', async () => {
  const identity = idOf('kill', 'me')
  const { certificate } = await certified('kill', 'me')
  await administer(service, 'POST', '/v1/denied', { identity, reason: 'x' })
  const before = await administer(service, 'GET', '/v1/crls')
  await service.kill()
  service = await startService({ directory: service.directory, config: { attestation: ATTESTATION } })
  assert.deepEqual((await administer(service, 'GET', '/v1/crls')).json, before.json)
  assert.equal((await ask({ certificate }, newRequest().csr)).reason, 'ISSUE_DENIED')
})
