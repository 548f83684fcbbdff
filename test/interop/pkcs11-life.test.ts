import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newRequest } from '../support/doors.ts'
import type { Json } from '../support/jwt-maker.ts'
import { openssl } from '../support/openssl.ts'
import { makeCacerts } from '../support/openssl-ca.ts'
import { newDirectory, runRefused, type Service, startService } from '../support/service.ts'
import { administer, eventually } from '../support/service-api.ts'
import { idOf } from '../support/service-tokens.ts'
import { alcazar, newToken, type TestToken, tokenMissing } from './support/token.ts'

/** Certificates of seconds: a rotation ends while one looks at it. */
const SHORT: Json = {
  server: { ttl: '3s' },
  issuance: { defaultTtl: '3s', maxTtl: '4s', minTtl: '1s', backdate: '0s' },
}

interface Item {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly keyType: string
}

async function authorities(service: Service): Promise<readonly Item[]> {
  return JSON.parse((await administer(service, 'GET', '/v1/authorities')).text).items
}

async function activeOf(service: Service, kind: string): Promise<Item> {
  const found = (await authorities(service)).find((one) => one.kind === kind && one.state === 'active')
  return found ?? assert.fail(`no active ${kind}`)
}

/** Issues a certificate that openssl verifies under `roots`, those of the service unless said otherwise. */
async function issueAndVerify(service: Service, roots = join(service.data, 'bundle.pem')): Promise<void> {
  const body = { csr: newRequest().csr, identity: idOf('shop', 'web') }
  const { status, json, text } = await administer(service, 'POST', '/v1/certificates', body)
  assert.equal(status, 201, text)
  const [leaf = '', ...intermediates] = json.chain ?? []
  const at = (name: string) => join(service.directory, name)
  writeFileSync(at('leaf.pem'), leaf)
  writeFileSync(at('chain.pem'), intermediates.join(''))
  assert.match(
    openssl(['verify', '-x509_strict', '-CAfile', roots, '-untrusted', at('chain.pem'), at('leaf.pem')]),
    /OK/,
  )
}

/** What `alcazar` answered on standard error, where it refuses. */
async function refusal(service: Service, ...words: readonly string[]): Promise<string> {
  return alcazar(service, ...words).then(
    () => assert.fail('it was not refused'),
    (error: { readonly stdout: string; readonly stderr: string }) => error.stdout + error.stderr,
  )
}

describe('a service whose keys are in a token', { skip: tokenMissing }, () => {
  let token: TestToken
  let service: Service
  const start = (directory?: string) => {
    const config = { ...SHORT, authority: { keys: token.keys, skew: '1s' } }
    return startService({ config, env: token.env, ...(directory === undefined ? {} : { directory }) })
  }
  before(async () => {
    token = newToken()
    service = await start()
  })
  after(() => service.stop())

  for (const [kind, keyType] of [
    ['intermediate', 'rsa-2048'],
    ['root', 'ec-p384'],
    ['jwt', 'rsa-2048'],
  ] as const)
    test(`rotates its ${kind} there, to ${keyType}`, async () => {
      const old = await activeOf(service, kind)
      const words = ['authority', 'rotate', '--kind', kind, '--key-type', keyType, '--reason', 'a test', '--yes']
      if (kind === 'jwt') words.push('--detach') // a new key is published for minutes before it signs
      await alcazar(service, ...words)
      if (kind === 'jwt') {
        const next = (await authorities(service)).find((one) => one.kind === kind && one.state === 'prepared')
        await alcazar(service, 'authority', 'force', next?.id ?? '', '--reason', 'a test', '--yes')
        await eventually('the next key signs', async () => (await activeOf(service, kind)).id !== old.id)
      }
      const now = await activeOf(service, kind)
      assert.notEqual(now.id, old.id)
      assert.equal(now.keyType, keyType)
      await issueAndVerify(service)
      assert.deepEqual(readdirSync(join(service.data, 'keys')), [])
    })

  test('has its intermediate signed elsewhere: csr, openssl, import, activate', async () => {
    const directory = newDirectory()
    const at = (name: string) => join(directory, name)
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    openssl(['req', '-x509', ...ec, '-keyout', at('root.key'), '-subj', '/CN=root', ...usage, '-out', at('root.pem')])
    assert.match(await alcazar(service, 'authority', 'csr', '--out', at('csr.pem')), /have it signed/)
    const by = ['-CA', at('root.pem'), '-CAkey', at('root.key'), '-days', '9', '-copy_extensions', 'copyall']
    openssl(['x509', '-req', '-in', at('csr.pem'), ...by, '-out', at('ca.pem')])
    await alcazar(service, 'authority', 'import', '--certificate', at('ca.pem'), '--root', at('root.pem'))
    const next = (await authorities(service)).find((one) => one.kind === 'intermediate' && one.state === 'prepared')
    await alcazar(service, 'authority', 'activate', next?.id ?? '', '--force', '--reason', 'a test', '--yes')
    assert.equal((await activeOf(service, 'intermediate')).id, next?.id)
    await issueAndVerify(service, at('root.pem'))
  })

  test('takes no key that was made elsewhere, and says what to do', async () => {
    const cacerts = join(newDirectory(), 'cacerts')
    mkdirSync(cacerts)
    makeCacerts(cacerts)
    const before = await authorities(service)
    for (const words of [['--dry-run'], ['--reason', 'a test']]) {
      const said = await refusal(service, 'authority', 'import', cacerts, ...words)
      assert.match(said, /ca-key\.pem: .*alcazar authority csr/)
    }
    assert.equal((await authorities(service)).length, before.length)
    const authority = { keys: token.keys, import: { directory: cacerts } }
    const { stderr } = await runRefused({ config: { authority }, env: token.env })
    assert.match(stderr, /\[key\.made_elsewhere\].*\[authority\.import_refused\]/s)
  })

  test('is backed up without keys, and goes on from the backup with the same token', async () => {
    const at = (name: string) => join(service.directory, name)
    writeFileSync(at('passphrase'), 'correct horse battery')
    const withPassphrase = ['--passphrase-file', at('passphrase')]
    const inNoBackup = /token alcazar are in no backup/
    assert.match(await alcazar(service, 'backup', at('backup'), ...withPassphrase), inNoBackup)
    const { id } = await activeOf(service, 'root')
    await service.stop()
    rmSync(service.data, { recursive: true })
    assert.match(await alcazar(service, 'restore', at('backup'), '--data', service.data, ...withPassphrase), inNoBackup)
    service = await start(service.directory)
    assert.equal((await activeOf(service, 'root')).id, id)
    assert.match(await alcazar(service, 'status'), /Keys +in the PKCS #11 token alcazar/)
  })
})

describe('a service whose keys were files', { skip: tokenMissing }, () => {
  test('moves to a token: the old keys sign on until rotation has put new ones in their place', async () => {
    const token = newToken()
    let service = await startService({ config: SHORT })
    const { directory, data } = service
    const roots = service.roots()
    await service.stop()
    const config = { ...SHORT, authority: { keys: token.keys, skew: '1s' } }
    service = await startService({ directory, config, env: token.env })
    assert.equal(service.roots(), roots)
    await issueAndVerify(service)
    assert.ok(service.stderr.some((line) => line.includes('key.not_in_token')))
    await alcazar(service, 'authority', 'rotate', '--kind', 'root', '--reason', 'to the token', '--yes')
    await issueAndVerify(service)
    const current = await Promise.all(['root', 'intermediate'].map(async (kind) => (await activeOf(service, kind)).id))
    await service.stop()
    for (const name of readdirSync(join(data, 'keys'))) assert.ok(!current.some((id) => name.startsWith(id)), name)
    service = await startService({ directory, config, env: token.env })
    await issueAndVerify(service)
    await service.stop()
  })
})
