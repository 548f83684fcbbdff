import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { openAdminSocket } from '../../../src/api/http/admin-socket.ts'
import type { HttpListener } from '../../../src/api/http/listen.ts'
import type { IssueRequest } from '../../../src/ca/issue/issuance.ts'
import { fakeDeps, ISSUED } from '../../support/http.ts'

let folder: string
let path: string
let opened: HttpListener[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alcazar-'))
  path = join(folder, 'admin.sock')
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map((listener) => listener.close(0)))
  rmSync(folder, { recursive: true })
})

async function open(deps = fakeDeps()): Promise<HttpListener> {
  const listener = await openAdminSocket(path, deps)
  opened.push(listener)
  return listener
}

function call(method: string, url: string, body?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = request({ socketPath: path, method, path: url, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    outgoing.on('error', reject).end(body)
  })
}

describe('the admin socket', () => {
  test('has the mode 0600 whatever the umask, and is gone after the close', async () => {
    const umask = process.umask(0)
    try {
      const listener = await open()
      assert.equal(listener.address, path)
      assert.equal(statSync(path).mode & 0o777, 0o600)
      await listener.close(1)
      assert.equal(existsSync(path), false)
    } finally {
      process.umask(umask)
    }
  })

  test('lets its caller do everything, as `local`', async () => {
    const seen: IssueRequest[] = []
    const issue = async (request: IssueRequest) => {
      seen.push(request)
      return ISSUED
    }
    await open(fakeDeps({ issue }))
    assert.equal(await call('POST', '/v1/certificates', '{"csr":"CSR","identity":"spiffe://cluster.local/a"}'), 201)
    assert.equal(await call('GET', '/v1/status'), 200)
    assert.equal(await call('POST', '/v1/tokens', '{"identity":"spiffe://cluster.local/a"}'), 201)
    assert.deepEqual(seen[0]?.evidence, { localAdmin: true })
    assert.equal(seen[0]?.peer, 'local')
  })

  test('replaces the socket of a process that is gone', async () => {
    const leave = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    await assert.rejects(promisify(execFile)(process.execPath, ['-e', leave]))
    assert.ok(existsSync(path))
    await open()
    assert.equal(await call('GET', '/v1/status'), 200)
  })

  test('leaves the socket of a running process alone', async () => {
    await open()
    await assert.rejects(open(), { code: 'listen.in_use' })
    assert.equal(await call('GET', '/v1/status'), 200)
  })

  test('leaves a file alone', async () => {
    writeFileSync(path, 'precious')
    await assert.rejects(open(), { code: 'listen.unsafe_path' })
  })

  test('refuses a folder that others may enter', async () => {
    chmodSync(folder, 0o755)
    await assert.rejects(open(), { code: 'listen.unsafe_path' })
  })

  test('refuses a path over 107 bytes', async () => {
    path = join(folder, 'a'.repeat(107 - folder.length))
    assert.equal(path.length, 108)
    await assert.rejects(open(), { code: 'listen.path_too_long' })
    path = path.slice(0, 107)
    assert.equal((await open()).address, path)
  })
})
