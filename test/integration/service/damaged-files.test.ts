import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { runRefused, startService } from '../../support/service.ts'
import { monitor, readMetric } from '../../support/service-api.ts'

describe('a start over files that were changed', () => {
  let directory: string
  before(async () => {
    const service = await startService()
    await service.stop()
    directory = service.directory
  })

  test('another trust domain is refused, and both are named', async () => {
    const { code, stderr } = await runRefused({ directory, config: { trustDomain: 'other.example' } })
    assert.equal(code, 1)
    assert.match(stderr, /\[data\.other_trust_domain\]/)
    assert.match(stderr, /`cluster\.local`/)
    assert.match(stderr, /other\.example/)
  })

  for (const [name, text] of [
    ['server.crt', 'no certificate'],
    ['server.key', 'no key'],
    ['server.key', ''],
  ] as const) {
    test(`${name} with ${text === '' ? 'nothing' : text} in it is replaced, with a warning`, async () => {
      writeFileSync(join(directory, 'data', name), text)
      const service = await startService({ directory })
      assert.equal((await monitor(service, '/readyz')).status, 200)
      await service.stop()
      assert.ok(service.stderr.some((line) => line.includes('"serving_certificate.replaced"')))
      assert.match(readFileSync(join(directory, 'data', name), 'utf8'), /^-----BEGIN /)
    })
  }

  test('a root key of no use: it serves, is ready, and says so in /readyz, a metric and the log', async () => {
    const keys = join(directory, 'data', 'keys')
    for (const name of readdirSync(keys)) {
      const id = name.slice(0, -'.key'.length)
      const file = join(directory, 'data', 'authorities', `${id}.crt`)
      const certificate = existsSync(file) ? readFileSync(file, 'utf8') : '' // a JWT key has none
      if (readFileSync(join(directory, 'data', 'bundle.pem'), 'utf8') === certificate)
        writeFileSync(join(keys, name), 'no key')
    }
    const service = await startService({ directory })
    const ready = await monitor(service, '/readyz')
    assert.equal(ready.status, 200)
    assert.match(ready.text, /"ok":true,"problems":\["the key of the root/)
    assert.equal(await readMetric(service, 'alcazar_authority_renewal_blocked'), 1)
    await service.stop()
    assert.ok(service.stderr.some((line) => line.includes('"authority.root_key_unusable"')))
  })

  test('the key of the intermediate gone: key.unusable', async () => {
    for (const name of readdirSync(join(directory, 'data', 'keys'))) rmSync(join(directory, 'data', 'keys', name))
    const { code, stderr } = await runRefused({ directory })
    assert.equal(code, 1)
    assert.match(stderr, /is not there.*\[key\.unusable\]/)
  })
})
