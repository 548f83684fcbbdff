import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { DecisionInspection } from '../../../../src/api/http/deps.ts'
import type { WorkloadReference } from '../../../../src/decide/decide.ts'
import type { Supposed } from '../../../../src/decide/what-if.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import type { Question } from '../../../../src/policy/request.ts'
import { ALLOWED } from '../../../support/decisions.ts'
import { DENIED, fakeInspection } from '../../../support/fake-decisions.ts'
import { fakeDeps, LIMITS } from '../../../support/http.ts'

type Json = Record<string, unknown>

const REQUEST = {
  protocol: 'http',
  port: 8080,
  sourceIp: '10.0.0.9',
  peer: null,
  method: 'GET',
  path: '/',
  host: 'web',
}
const PROXY = { inquirer: async () => ({ identity: 'spiffe://cluster.local/ns/default/sa/web', isViewer: false }) }
const POLICY = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'p', namespace: 'foo' },
  spec: { rules: [{}] },
}
/** A row of the conformance corpus, its outcomes included. */
const ROW = {
  name: 'source-001',
  tags: ['source'],
  tokens: {},
  recordUpstream: true,
  mesh: { rootNamespace: 'root', trustDomain: 'td', trustDomainAliases: ['old'], pathNormalization: '' },
  workload: { namespace: 'foo', labels: { app: 'a' }, ip: '127.64.0.2', ports: null },
  policies: [POLICY],
  requests: [{ ...REQUEST, id: 'source-001#1', note: 'n', outcome: { decision: 'allow' } }],
}

function open(overrides: Partial<DecisionInspection> = {}) {
  const examined: { readonly workload: WorkloadReference; readonly question: Question }[] = []
  const supposed: Supposed[] = []
  const inspection = fakeInspection({
    inspect: (workload) => ({
      version: 17,
      examine: async (question) => {
        examined.push({ workload, question })
        return { decision: ALLOWED }
      },
    }),
    whatIf: (given) => {
      supposed.push(given)
      return async (_question, { explain }) => ({
        decision: DENIED,
        ...(explain ? { trace: [], nearestMiss: null } : {}),
      })
    },
    ...overrides,
  })
  const app = buildApi(fakeDeps({ inspection, limits: () => LIMITS }), 'network', (handler) => createServer(handler))
  const ask = async (payload: Json | string, headers: Json = { authorization: 'Bearer viewer' }) => {
    const given = { ...headers, 'content-type': 'application/json' }
    const response = await app.inject({ method: 'POST', url: '/v1/decisions', payload, headers: given })
    return { status: response.statusCode, json: response.json() as Json }
  }
  return { ask, examined, supposed }
}

describe('by the stored policies', () => {
  test('decides about the named workload, request by request', async () => {
    const { ask, examined } = open()
    const { status, json } = await ask({ workload: 'default/web', requests: [REQUEST, { ...REQUEST, port: 9000 }] })
    assert.equal(status, 200)
    assert.deepEqual(json, { version: 17, decisions: [ALLOWED, ALLOWED] })
    assert.deepEqual(
      examined.map(({ question }) => question.port),
      [8080, 9000],
    )
    assert.deepEqual(examined[0]?.workload, { by: 'name', namespace: 'default', name: 'web' })
  })

  test('decides about a workload that is given', async () => {
    const { ask, examined } = open()
    await ask({ workload: { namespace: 'a', labels: { app: 'x' }, ports: { 'tcp-db': 5432 } }, requests: [REQUEST] })
    const ports = new Map([[5432, 'tcp']])
    const workload = { namespace: 'a', name: null, labels: { app: 'x' }, ip: null, ports }
    assert.deepEqual(examined[0]?.workload, { by: 'inline', workload })
  })

  test('reads what TLS said, and TCP', async () => {
    const { ask, examined } = open()
    const peer = { uriSans: ['spiffe://a/b'], sni: '', alpn: [], noCert: true, dnsSans: ['x'] }
    await ask({ workload: 'a/b', requests: [{ protocol: 'tcp', port: 1, sourceIp: '::1', peer }] })
    const { question } = examined[0] ?? assert.fail()
    assert.deepEqual(question.peer, { uriSans: ['spiffe://a/b'], sni: null, certificate: false, alpn: [] })
    assert.equal(question.http, null)
  })

  test('a workload that is not stored is 404, an ambiguous one 403', async () => {
    for (const [code, status] of [
      ['resource.not_found', 404],
      ['decision.workload_ambiguous', 403],
      ['decision.not_ready', 503],
    ] as const) {
      const inspect = () => {
        throw new AppError(code, 'no')
      }
      const answer = await open({ inspect }).ask({ workload: 'a/b', requests: [REQUEST] })
      assert.deepEqual([answer.status, answer.json.code], [status, code])
    }
  })
})

test('hostile 100: an answer that gets too long is 413, before all of it is there', async () => {
  let asked = 0
  const examine = async () => {
    asked++
    return { decision: { ...ALLOWED, reason: 'x'.repeat(8_388_608) } }
  }
  const requests = Array.from({ length: 1_000 }, () => REQUEST)
  const { status, json } = await open({ inspect: () => ({ version: 17, examine }) }).ask({ workload: 'a/b', requests })
  assert.deepEqual([status, json.code, asked], [413, 'limit.size', 4])
})

describe('what-if', () => {
  test('takes a row of the corpus as it is', async () => {
    const { ask, supposed, examined } = open()
    const { status, json } = await ask({ ...ROW, explain: true })
    assert.equal(status, 200)
    assert.deepEqual(json, { version: 0, decisions: [{ ...DENIED, trace: [], nearestMiss: null }] })
    assert.deepEqual(examined, [])
    const { mesh, workload, policies } = supposed[0] ?? assert.fail()
    assert.deepEqual(policies, [POLICY])
    assert.deepEqual([mesh.rootNamespace, mesh.pathNormalization, mesh.extensionProviders], ['root', 'BASE', []])
    assert.deepEqual(
      workload.ports,
      new Map([
        [8080, 'http'],
        [8081, 'http'],
        [9000, 'tcp'],
      ]),
    )
  })

  test('fills up the mesh from the configuration, and asks none of its providers', async () => {
    const { ask, supposed } = open()
    const extensionProviders = [{ name: 'ext', denyHeader: { name: 'X-Deny', contains: 'yes' } }]
    await ask({ ...ROW, workload: 'default/web', mesh: { extensionProviders } })
    const { mesh, workload, ask: provider } = supposed[0] ?? assert.fail()
    assert.deepEqual([mesh.trustDomain, mesh.extensionProviders], ['cluster.local', ['ext']])
    assert.equal(workload.labels.stored, 'yes')
    const asked = await provider('configured', { port: 1, sourceIp: '', destinationIp: null, peer: null, http: null })
    assert.equal(asked.granted, false)
  })

  test('without policies none decide', async () => {
    const { ask, supposed } = open()
    assert.equal((await ask({ ...ROW, policies: [] })).status, 200)
    assert.deepEqual(supposed[0]?.policies, [])
  })

  test('policies that are not valid are 422 with what is wrong', async () => {
    const { status, json } = await open().ask({ ...ROW, policies: [{ ...POLICY, kind: 'AuthorizationPolicies' }] })
    assert.deepEqual([status, json.code], [422, 'resource.invalid'])
    assert.ok(Array.isArray(json.errors) && json.errors.length > 0)
  })
})

describe('who may ask', () => {
  test('nobody without proof, and that before the body is read', async () => {
    assert.equal((await open().ask('{', {})).status, 401)
  })

  test('a proxy, about its own stored workload', async () => {
    const { ask, examined } = open(PROXY)
    assert.equal((await ask({ workload: 'default/web', requests: [REQUEST], explain: true })).status, 200)
    assert.equal(examined.length, 1)
  })

  const refused: readonly (readonly [string, Json])[] = [
    ['another workload', { workload: 'default/other', requests: [REQUEST] }],
    ['a workload that it gives', { workload: { namespace: 'default', labels: {} }, requests: [REQUEST] }],
    ['what-if', { workload: 'default/web', policies: [], requests: [REQUEST] }],
  ]
  for (const [title, body] of refused) {
    test(`a proxy, but not about ${title}`, async () => {
      const { status, json } = await open(PROXY).ask(body)
      assert.deepEqual([status, json.code], [403, 'auth.forbidden'])
    })
  }
})

describe('what is not understood is refused, by its path', () => {
  const cases: readonly (readonly [Json, RegExp])[] = [
    [{ requests: [REQUEST] }, /`workload` is missing/],
    [{ workload: 'a/b', requests: [] }, /`requests`/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, methd: 'GET' }] }, /`requests\[0\]\.methd`.*`method`/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, peer: { uriSan: [] } }] }, /`requests\[0\]\.peer\.uriSan`.*`uriSans`/],
    [{ workload: { namespace: 'a', lables: {} }, requests: [REQUEST] }, /`workload\.lables`.*`labels`/],
    [{ workload: { labels: {} }, requests: [REQUEST] }, /`workload\.namespace` is missing/],
    [{ workload: 'a/b', requests: [REQUEST], polices: [] }, /`polices`.*`policies`/],
    [{ workload: 'web', requests: [REQUEST] }, /`ns\/name`/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, sourceIp: '010.1.1.1' }] }, /`requests\[0\]\.sourceIp`/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, port: 65_536 }] }, /`requests\[0\]\.port`/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, headers: [['a']] }] }, /`requests\[0\]\.headers/],
    [{ workload: 'a/b', requests: [{ ...REQUEST, method: undefined }] }, /`requests\[0\]\.method` is missing/],
    [{ workload: 'a/b', requests: Array.from({ length: 1001 }, () => REQUEST) }, /`requests`/],
    [{ workload: 'a/b', mesh: {}, requests: [REQUEST] }, /`policies`/],
  ]
  for (const [body, detail] of cases) {
    test(String(detail), async () => {
      const { status, json } = await open().ask(body)
      assert.deepEqual([status, json.code], [400, 'request.malformed'])
      assert.match(String(json.detail), detail)
    })
  }

  test('a body over `limits.decisionBody` is 413, one over `limits.body` is not', async () => {
    const large = (size: number) => ({ workload: 'a/b', requests: [{ ...REQUEST, note: 'x'.repeat(size) }] })
    assert.equal((await open().ask(large(1_000_000))).status, 200)
    assert.equal((await open().ask(large(4_194_304))).status, 413)
  })
})
