import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { beforeEach, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { ActionQuery, ChainedAction } from '../../../../src/audit/audit-store.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { FakeLog, fakeDeps, NOW } from '../../../support/http.ts'

const action: ChainedAction = {
  sequence: 7,
  at: NOW * 1000 + 5,
  actor: 'local\r\n',
  action: 'token.create',
  target: '\u001b[31mt1',
  detail: { uses: 1, reason: 'a\nb', forced: false, nothing: null },
  previousHash: '0'.repeat(64),
  hash: 'f'.repeat(64),
}
const queries: ActionQuery[] = []
const log = new FakeLog()
let lines: () => AsyncGenerator<string> = async function* () {}

const deps = fakeDeps({
  log,
  audit: {
    list: async (query) => {
      queries.push(query)
      return [action]
    },
    verify: async (cursor) => {
      if (cursor === 'bad') throw new AppError('request.malformed', 'no')
      const problem = { log: 'intents', sequence: 3, reason: 'changed', message: 'row 3' } as const
      return cursor === null ? { checked: 2, problem: null, next: 'results' } : { checked: 1, problem, next: null }
    },
    export: async (since) => {
      if (since !== null) throw new AppError('issue.no_active_authority', 'none')
      return lines()
    },
  },
})
const app = buildApi(deps, 'network', (handler) => createServer(handler))

async function get(url: string, role = 'admin') {
  const { statusCode, headers, body } = await app.inject({ url, headers: { authorization: `Bearer ${role}` } })
  return { status: statusCode, type: headers['content-type'], body }
}

beforeEach(() => {
  queries.length = 0
  log.lines.length = 0
})

test('a viewer lists actions with the fields of the contract', async () => {
  const { status, body } = await get('/v1/audit?after=6&limit=1&since=2026-11-21T03:00:00Z', 'viewer')
  assert.equal(status, 200)
  assert.deepEqual(queries, [{ after: 6, limit: 1, since: NOW * 1000 }])
  assert.deepEqual(JSON.parse(body), { items: [{ ...action, at: '2026-11-21T03:00:00.005Z' }], next: '7' })
  for (const char of ['\u001b', '\r', '\n']) assert.equal(body.includes(char), false) // hostile 102
})

test('there is no next page behind one that is not full', async () => {
  assert.equal(JSON.parse((await get('/v1/audit')).body).next, null)
  assert.deepEqual(queries, [{ after: 0, limit: 100, since: null }])
})

for (const query of ['after=x', 'after=-1', 'after=1e3', 'limit=0', 'limit=1001', 'since=yesterday', 'order=desc']) {
  test(`a query is refused: ${query}`, async () => {
    const { status, body } = await get(`/v1/audit?${query}`)
    assert.deepEqual([status, JSON.parse(body).code], [400, 'request.malformed'])
  })
}

test('a viewer verifies, part by part', async () => {
  const first = JSON.parse((await get('/v1/audit/verification', 'viewer')).body)
  assert.deepEqual(first, { checked: 2, problem: null, next: 'results' })
  const second = JSON.parse((await get(`/v1/audit/verification?after=${first.next}`, 'viewer')).body)
  assert.deepEqual([second.problem.sequence, second.next], [3, null])
  assert.equal((await get('/v1/audit/verification?after=bad')).status, 400)
})

test('only an administrator exports', async () => {
  for (const role of ['viewer', 'operator']) assert.equal((await get('/v1/audit/export', role)).status, 403)
  lines = async function* () {
    yield '{"a":1}\n'
    yield '{"head":"x"}\n'
  }
  const { status, type, body } = await get('/v1/audit/export')
  assert.deepEqual([status, type, body], [200, 'application/jsonl', '{"a":1}\n{"head":"x"}\n'])
})

test('an export that cannot be signed is refused before its first line', async () => {
  const { status, body } = await get('/v1/audit/export?since=2026-11-21T03:00:00Z')
  assert.deepEqual([status, JSON.parse(body).code], [503, 'issue.no_active_authority'])
})

test('an export that fails on the way is cut off, and the log says why', async () => {
  lines = async function* () {
    yield '{"a":1}\n'
    throw new AppError('resource.conflict', 'retention')
  }
  await assert.rejects(get('/v1/audit/export'))
  assert.deepEqual(
    log.lines.map(({ event }) => event),
    ['audit.export_failed'],
  )
})
