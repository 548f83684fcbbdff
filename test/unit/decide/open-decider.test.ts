import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkloadReference } from '../../../src/decide/decide.ts'
import { JwksProvider } from '../../../src/decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../../../src/decide/jwt/token-verifier.ts'
import type { DecisionEvent } from '../../../src/decide/observer.ts'
import { openDecider } from '../../../src/decide/open-decider.ts'
import type { ProviderAnswer } from '../../../src/decide/provider.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import type { RequestAuthentication } from '../../../src/mesh/resource.ts'
import type { ResourceSet } from '../../../src/mesh/snapshot.ts'
import { toHeaders } from '../../../src/policy/headers.ts'
import type { Question } from '../../../src/policy/request.ts'
import { makeToken, makeTokenKey } from '../../support/jwt-maker.ts'
import { jwksOf } from '../../support/jwt-request.ts'
import { MESH, authorizationPolicy as policy } from '../../support/policies.ts'
import { entry, setOf } from '../../support/resource-sets.ts'

const WEB: WorkloadReference = { by: 'name', namespace: 'foo', name: 'web' }
const web = entry('web', { address: '10.0.0.1', labels: { app: 'web' } })
const question: Question = {
  port: 8080,
  sourceIp: '10.1.2.3',
  destinationIp: null,
  peer: null,
  http: { method: 'GET', target: '/a', host: 'shop', headers: toHeaders([['x-a', '1']]) },
}

function decider(current: () => ResourceSet | null, answer: ProviderAnswer = { granted: true, headers: [] }) {
  const events: DecisionEvent[] = []
  const tokens = new TokenVerifier(new JwksProvider({ clock: systemClock, log: silentLog, allowPrivateAddress: false }))
  const opened = openDecider({
    mesh: MESH,
    current,
    tokens,
    ask: async () => answer,
    observer: { decided: (event) => void events.push(event) },
    clock: systemClock,
  })
  return { ...opened, events }
}

test('hostile 101: nothing is decided until the resources are loaded', () => {
  assert.throws(() => decider(() => null).decide(WEB, question), { code: 'decision.not_ready' })
})

test('with no policies everything is allowed, as in Istio', async () => {
  const { decision, version, mutations } = await decider(() => setOf([web])).decide(WEB, question)
  assert.deepEqual([decision.decision, version, mutations], ['allow', 1, null])
})

test('hostile 99: a change is in force at the next question, and each answer tells the version it was taken by', async () => {
  let set = setOf([web])
  const { decide, events } = decider(() => set)
  const before = await decide(WEB, question)
  set = setOf([policy('deny', [{}], { action: 'DENY' })], set)
  const after = await decide(WEB, question)
  set = setOf([policy('other', [{}], { action: 'DENY', namespace: 'bar' })], set)
  const unrelated = await decide(WEB, question)
  assert.deepEqual(
    [before, after, unrelated].map(({ decision, version }) => [decision.decision, version]),
    [
      ['allow', 1],
      ['deny', 2],
      ['deny', 3],
    ],
  )
  assert.deepEqual(
    events.map(({ workload, decided }) => [workload.name, decided.version]),
    [
      ['web', 1],
      ['web', 2],
      ['web', 3],
    ],
  )
})

test('a change of the root namespace reaches every workload', async () => {
  let set = setOf([web])
  const { decide } = decider(() => set)
  await decide(WEB, question)
  set = setOf([policy('deny', [{}], { action: 'DENY', namespace: 'istio-system' })], set)
  assert.equal((await decide(WEB, question)).decision.decision, 'deny')
})

const custom = policy('custom', [{ to: [{ operation: { paths: ['/a'] } }] }], { action: 'CUSTOM', provider: 'ext-a' })

test('CUSTOM: what the provider sets is seen by DENY and told as a change', async () => {
  const deny = policy('deny', [{ when: [{ key: 'request.headers[x-role]', values: ['b'] }] }], { action: 'DENY' })
  const answer: ProviderAnswer = {
    granted: true,
    headers: [
      ['x-role', 'a'],
      ['x-role', 'b'],
    ],
    remove: ['x-a'],
  }
  const granted = await decider(() => setOf([web, custom]), answer).decide(WEB, question)
  assert.deepEqual(granted.mutations, { remove: ['x-a'], set: answer.headers, removeParams: [], path: null })
  const denied = await decider(() => setOf([web, custom, deny]), answer).decide(WEB, question)
  assert.equal(denied.decision.policy, 'ns[foo]-policy[deny]-rule[0]')
})

test('CUSTOM: what tokens take out of the request is gone, also where the provider had set it', async () => {
  const key = makeTokenKey('ES256', 'a')
  const jwtRules = [
    { issuer: 'a', jwks: jwksOf(key), outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }] },
    { issuer: 'b', jwks: jwksOf(key), outputPayloadToHeader: 'x-b' },
  ]
  const tokens: RequestAuthentication = {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'tokens', namespace: 'foo' },
    spec: { jwtRules },
  }
  const answer: ProviderAnswer = {
    granted: true,
    headers: [
      ['authorization', `Bearer ${makeToken(key, { iss: 'a', sub: 'alice' })}`],
      ['x-user', 'mallory'],
      ['x-b', 'forged'],
      ['x-kept', '1'],
    ],
  }
  const opened = decider(() => setOf([web, custom, tokens]), answer)
  const { mutations } = await opened.decide(WEB, question)
  assert.deepEqual(mutations?.set, [
    ['x-kept', '1'],
    ['x-user', 'alice'],
  ])
  const { upstream } = await opened.inspect(WEB).examine(question, { explain: false })
  assert.deepEqual({ ...upstream?.headers }, { 'x-a': ['1'], 'x-kept': ['1'], 'x-user': ['alice'] })
})

test('CUSTOM: a refusal is told with its status, and ends it', async () => {
  const answer: ProviderAnswer = {
    granted: false,
    status: 429,
    headers: [['retry-after', '1']],
    body: 'slow',
    reason: 'it said 429',
  }
  const { decision, response } = await decider(() => setOf([web, custom]), answer).decide(WEB, question)
  assert.deepEqual([decision.status, decision.cause, decision.phase], [429, 'ext_authz', 'custom'])
  assert.deepEqual(response, { headers: answer.headers, body: 'slow' })
})

test('examine: an allowed request shows what the workload receives, a refused one its story', async () => {
  const { inspect, events } = decider(() => setOf([web, policy('p', [{ to: [{ operation: { methods: ['GET'] } }] }])]))
  const { version, examine } = inspect(WEB)
  assert.equal(version, 1)
  const allowed = await examine(question, { explain: false })
  assert.deepEqual(allowed.upstream, {
    method: 'GET',
    path: '/a',
    host: 'shop',
    headers: Object.assign(Object.create(null), { 'x-a': ['1'] }),
  })
  const put: Question = { ...question, http: question.http === null ? null : { ...question.http, method: 'PUT' } }
  const refused = await examine(put, { explain: true })
  assert.equal(refused.upstream, undefined)
  assert.deepEqual(refused.nearestMiss?.changes, [{ attribute: 'method', seen: ['PUT'], to: 'GET' }])
  assert.deepEqual(
    refused.trace?.map(({ phase }) => phase),
    ['peer', 'request', 'authorization'],
  )
  assert.equal(events.length, 0)
})

test('inspect: all answers are by the set of the first', async () => {
  const inline = { namespace: 'foo', name: null, labels: {}, ip: null, ports: 'as-told' } as const
  for (const workload of [WEB, { by: 'inline', workload: inline }] as const) {
    let set = setOf([web])
    const { version, examine } = decider(() => set).inspect(workload)
    set = setOf([policy('deny', [{}], { action: 'DENY' })], set)
    const { decision } = await examine(question, { explain: false })
    assert.deepEqual([version, decision.decision], [1, 'allow'])
  }
})

test('examine: plaintext to a STRICT port would be allowed over mutual TLS', async () => {
  const strict = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'strict', namespace: 'foo' },
    spec: { mtls: { mode: 'STRICT' } },
  } as const
  const { decision, nearestMiss } = await decider(() => setOf([web, strict]))
    .inspect(WEB)
    .examine(question, { explain: true })
  assert.deepEqual([decision.decision, decision.cause], ['reject', 'no_filter_chain'])
  assert.deepEqual(nearestMiss?.changes, [{ attribute: 'peer', seen: ['plaintext'], to: 'spiffe://td1/ns/any/sa/any' }])
})
