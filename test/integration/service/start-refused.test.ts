import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import Sqlite from 'better-sqlite3'
import type { Json } from '../../support/jwt-maker.ts'
import { newDirectory, runRefused, startService } from '../../support/service.ts'

describe('refuses to start', () => {
  let directory: string
  before(async () => {
    const service = await startService()
    await service.stop()
    directory = service.directory
    writeFileSync(join(directory, 'passphrase'), 'correct horse')
  })

  test('when others can read a key, whichever it is', async () => {
    const data = join(directory, 'data')
    for (const file of [...keyFilesOf(data), join(data, 'server.key')]) {
      chmodSync(file, 0o644)
      const { code, stderr } = await runRefused({ directory })
      assert.equal(code, 1)
      assert.match(stderr, /\[key\.unusable\]/)
      assert.ok(stderr.includes(file))
      chmodSync(file, 0o600)
    }
  })

  test('when the database is newer than the program', async () => {
    const file = join(directory, 'data', 'alcazar.db')
    const version = setVersion(file, 9999)
    const { code, stderr } = await runRefused({ directory })
    assert.equal(code, 1)
    assert.match(stderr, /\[store\.newer\]/)
    setVersion(file, version)
  })

  test('when the configuration is wrong, with each problem on a line', async () => {
    const config = { trustDomain: 'UPPER', issuance: { ttl: 5 }, limits: { rate: 'fast' } }
    const { code, stderr } = await runRefused({ config })
    assert.equal(code, 1)
    assert.match(stderr, /\[config\.invalid\]/)
    for (const path of ['trustDomain', 'issuance.ttl', 'limits.rate'])
      assert.equal(stderr.split('\n').filter((line) => line.trim().startsWith(`${path}: `)).length, 1, path)
  })

  const passphrases: readonly (readonly [string, Json])[] = [
    ['a passphrase that is not set', { env: 'NOT_SET' }],
    ['a passphrase file that is not there', { file: 'none' }],
    ['a passphrase although the keys are not encrypted', { file: 'passphrase' }],
  ]
  for (const [name, passphrase] of passphrases) {
    test(`${name}: key.unusable`, async () => {
      const { code, stderr } = await runRefused({ directory, config: { authority: { keys: { passphrase } } } })
      assert.match(stderr, /\[key\.unusable\]/)
      assert.equal(code, 1)
    })
  }

  for (const listener of ['grpc', 'https', 'monitoring'] as const) {
    test(`${listener} on a port that is taken: listen.in_use`, async () => {
      const taken = createServer()
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
      const address = taken.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const listen = {
        grpc: '127.0.0.1:0',
        https: '127.0.0.1:0',
        monitoring: '127.0.0.1:0',
        [listener]: `127.0.0.1:${port}`,
      }
      const { code, stderr } = await runRefused({ directory, config: { listen } })
      taken.close()
      assert.match(stderr, /\[listen\.in_use\]/)
      assert.equal(code, 1)
    })
  }

  test('a data directory that is a file: data.unusable', async () => {
    const directory = newDirectory()
    writeFileSync(join(directory, 'data'), '')
    const { code, stderr } = await runRefused({ directory })
    assert.match(stderr, /\[data\.unusable\]/)
    assert.equal(code, 1)
  })

  test('a data directory whose socket would have too long a path: listen.path_too_long', async () => {
    const directory = join(newDirectory(), 'd'.repeat(100))
    mkdirSync(directory)
    const { code, stderr } = await runRefused({ directory })
    assert.match(stderr, /\[listen\.path_too_long\]/)
    assert.equal(code, 1)
  })
})

describe('with a passphrase', () => {
  const config = { authority: { keys: { passphrase: { env: 'CA_PASSPHRASE' } } } }

  test('keys are encrypted PKCS#8; the right one opens them again, a wrong one is refused', async () => {
    const env = { CA_PASSPHRASE: 'correct horse battery staple' }
    const first = await startService({ config, env })
    for (const file of keyFilesOf(first.data))
      assert.match(readFileSync(file, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    const { directory } = first
    const roots = first.roots()
    await first.stop()

    const wrong = await runRefused({ directory, config, env: { CA_PASSPHRASE: 'incorrect horse' } })
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /\[key\.unusable\]/)
    assert.ok(!wrong.stderr.includes('incorrect horse'))
    const none = await runRefused({ directory })
    assert.equal(none.code, 1)
    assert.match(none.stderr, /\[key\.unusable\]/)

    const second = await startService({ directory, config, env })
    assert.equal(second.roots(), roots)
    assert.ok(!second.stderr.join('\n').includes(env.CA_PASSPHRASE))
    await second.stop()
  })
})

function keyFilesOf(data: string): string[] {
  return readdirSync(join(data, 'keys')).map((name) => join(data, 'keys', name))
}

function setVersion(file: string, version: number): number {
  const db = new Sqlite(file)
  const before = Number(db.pragma('user_version', { simple: true }))
  db.pragma(`user_version = ${version}`)
  db.close()
  return before
}
