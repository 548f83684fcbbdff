import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { fakeDeps } from '../../../support/http.ts'

const passphrase = 'correct horse'

function ask(role: string, body: object, overrides = {}) {
  const app = buildApi(fakeDeps(overrides), 'network', (handler) => createServer(handler))
  return app.inject({
    method: 'POST',
    url: '/v1/backup',
    headers: { authorization: `Bearer ${role}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('POST /v1/backup: a stream that nothing keeps, for administrators', async () => {
  const response = await ask('admin', { passphrase })
  assert.deepEqual([response.statusCode, response.body], [200, 'sealed'])
  assert.equal(response.headers['content-type'], 'application/octet-stream')
  assert.equal(response.headers['cache-control'], 'no-store')
})

for (const [name, role, body, status, code] of [
  ['an operator', 'operator', { passphrase }, 403, 'auth.forbidden'],
  ['a short passphrase', 'admin', { passphrase: 'short' }, 400, 'request.malformed'],
  ['no passphrase', 'admin', {}, 400, 'request.malformed'],
  ['an unknown field', 'admin', { passphrase, file: '/etc/x' }, 400, 'request.malformed'],
] as const) {
  test(`POST /v1/backup: ${name} is refused`, async () => {
    const response = await ask(role, body)
    assert.deepEqual([response.statusCode, response.json().code], [status, code])
    assert.ok(!response.body.includes(passphrase))
  })
}

test('POST /v1/backup: while another is made, 409', async () => {
  const backup = async () => {
    throw new AppError('backup.running', 'another backup is being made')
  }
  const response = await ask('admin', { passphrase }, { backup })
  assert.deepEqual([response.statusCode, response.json().code], [409, 'backup.running'])
})
