import assert from 'node:assert/strict'
import { createPrivateKey, hash, randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { parseCsr } from '../../../src/pki/csr.ts'
import { KEY_TYPES } from '../../../src/pki/key-types.ts'
import { assembleCertificate, fillLeafTemplate } from '../../../src/pki/leaf-template.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { testAuthorities } from '../../support/authority.ts'
import { openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'

const authorities = await testAuthorities('ec-p256', Date.now())
const { issuing } = authorities
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const now = Math.floor(Date.now() / 1000)

/** What the real API would answer, for `identity`. */
async function issue({ body }: Seen, identity: string): Promise<Reply> {
  const csr = parseCsr(JSON.parse(body).csr, { maxBytes: 16_384, asn1Depth: 16, allowed: new Set(KEY_TYPES) })
  const serial = randomBytes(16)
  const tbs = fillLeafTemplate(issuing.template(csr.keyType), {
    serial,
    notBefore: now - 60,
    notAfter: now + 3600,
    spki: csr.spki,
    subjectKeyId: hash('sha256', csr.spki, 'buffer'),
    names: { uri: identity },
  })
  const der = assembleCertificate(tbs, issuing.signer.algorithm, await issuing.signer.sign(tbs))
  const time = new Date((now + 3600) * 1000).toISOString()
  const chain = [toPem('CERTIFICATE', der), ...issuing.chain.intermediates]
  return {
    status: 201,
    body: {
      serial: serial.toString('hex'),
      identity,
      notAfter: time,
      renewAfter: time,
      chain,
      bundle: issuing.chain.roots,
    },
  }
}

async function run(server: string, words: readonly string[]) {
  const io = fakeIo()
  const exit = await runCommandLine(['cert', 'issue', ...words, '--server', server, '--output', 'json'], io)
  return { exit, result: JSON.parse(exit === 0 ? io.out() : io.err()) }
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

for (const keyType of KEY_TYPES.filter((type) => type !== 'rsa-4096')) {
  test(`cert issue: ${keyType}: three files that belong together, the key for its owner alone and never sent`, async () => {
    await using api = await openFakeApi((seen) => issue(seen, WEB))
    const out = join(api.directory, 'deep/web')
    const { exit, result } = await run(api.socket, [
      '--identity',
      WEB,
      '--out',
      out,
      '--ttl',
      '1h',
      '--key-type',
      keyType,
    ])
    assert.equal(exit, 0)
    assert.equal(result.identity, WEB)
    assert.deepEqual((await readdir(out)).sort(), ['cert-chain.pem', 'key.pem', 'root-cert.pem'])
    assert.equal(await modeOf(join(out, 'key.pem')), '600')
    const key = await readFile(join(out, 'key.pem'), 'utf8')
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/)
    const chain = await readFile(join(out, 'cert-chain.pem'), 'utf8')
    assert.ok(new X509Certificate(chain).checkPrivateKey(createPrivateKey(key)))
    assert.equal(await readFile(join(out, 'root-cert.pem'), 'utf8'), issuing.chain.roots.join(''))
    const { csr: _csr, ...rest } = JSON.parse(api.seen[0]?.body ?? '')
    assert.deepEqual(rest, { ttl: '1h', identity: WEB })
  })
}

test('cert issue: again it renews, with a new key', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  const key = () => readFile(join(api.directory, 'web/key.pem'), 'utf8')
  const words = ['--identity', WEB, '--out', join(api.directory, 'web')]
  await run(api.socket, words)
  const first = await key()
  assert.equal((await run(api.socket, words)).exit, 0)
  assert.notEqual(await key(), first)
})

test('cert issue: files of somebody else are refused before anything is asked, unless --force', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  const out = join(api.directory, 'other')
  await mkdir(out)
  await writeFile(join(out, 'key.pem'), 'precious')
  const refused = await run(api.socket, ['--identity', WEB, '--out', out])
  assert.deepEqual([refused.exit, refused.result.error.code, api.seen.length], [1, 'file.exists', 0])
  assert.equal(await readFile(join(out, 'key.pem'), 'utf8'), 'precious')
  assert.equal((await run(api.socket, ['--identity', WEB, '--out', out, '--force'])).exit, 0)
})

test('cert issue --join-token: the proof goes in the body, the identity is only compared', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  const out = join(api.directory, 'web')
  assert.equal((await run(api.socket, ['--join-token', 'alcz_x', '--out', out])).exit, 0)
  const { csr: _csr, ...rest } = JSON.parse(api.seen[0]?.body ?? '')
  assert.deepEqual(rest, { joinToken: 'alcz_x' })
  const other = ['--join-token', 'alcz_x', '--identity', `${WEB}2`, '--out', join(api.directory, 'web2')]
  const refused = await run(api.socket, other)
  assert.deepEqual([refused.exit, refused.result.error.code], [1, 'identity.differs'])
  assert.ok(!(await readdir(api.directory)).includes('web2'))
})

test('cert issue --join-token-file: the token goes from the file into the body, and nothing else does', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  const file = join(api.directory, 'token')
  const words = ['--join-token-file', file, '--out', join(api.directory, 'web')]
  for (const text of ['', '-----BEGIN PRIVATE KEY-----\n', 'alcz_x alcz_y', `alcz_${'x'.repeat(2000)}`]) {
    await writeFile(file, text)
    const { exit, result } = await run(api.socket, words)
    assert.deepEqual([exit, result.error.code, api.seen.length], [2, 'usage', 0])
  }
  await writeFile(file, 'alcz_x\n')
  assert.equal((await run(api.socket, words)).exit, 0)
  assert.equal(JSON.parse(api.seen[0]?.body ?? '').joinToken, 'alcz_x')
  assert.equal((await run(api.socket, [...words, '--join-token', 'alcz_x'])).exit, 2)
})

test('cert issue: a certificate for another key is not written', async () => {
  const [someRoot = ''] = issuing.chain.roots
  await using api = await openFakeApi(() => ({ body: { identity: WEB, chain: [someRoot], bundle: [someRoot] } }))
  const { exit, result } = await run(api.socket, ['--identity', WEB, '--out', join(api.directory, 'web')])
  assert.deepEqual([exit, result.error.code], [69, 'server.response_invalid'])
})

test('cert issue: a directory that cannot be written is a refusal that names it', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  await writeFile(join(api.directory, 'file'), '')
  const { exit, result } = await run(api.socket, ['--identity', WEB, '--out', join(api.directory, 'file/web')])
  assert.equal(exit, 1)
  assert.match(result.error.code, /^file\.un/)
})

test('cert issue: the key goes nowhere else, whatever waits under the name that it is written by', async () => {
  await using api = await openFakeApi((seen) => issue(seen, WEB))
  const out = join(api.directory, 'shared')
  const elsewhere = join(api.directory, 'elsewhere')
  await mkdir(out)
  await writeFile(elsewhere, 'kept')
  await symlink(elsewhere, join(out, 'key.pem.new'))
  const { exit } = await run(api.socket, ['--identity', WEB, '--out', out])
  assert.equal(exit, 0)
  assert.equal(await readFile(elsewhere, 'utf8'), 'kept')
  assert.equal(await modeOf(join(out, 'key.pem')), '600')
  assert.deepEqual((await readdir(out)).toSorted(), ['cert-chain.pem', 'key.pem', 'root-cert.pem'])
})
