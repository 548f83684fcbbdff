import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { AuthorityPorts } from '../../../../src/api/http/deps.ts'
import type { Authority, Rotation } from '../../../../src/ca/authority.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { fakeAuthorities, fakeDeps } from '../../../support/http.ts'
import { authority, PLAN, rotation, viewOf } from '../../../support/rotation-view.ts'

const OLD = [authority('r1'), authority('i1')]
const NEXT = authority('r2', { state: 'prepared', publishedSequence: 5, changedAt: 90_000 })

type Verb = keyof AuthorityPorts['rotator']

/** Ports over a view that commands change as `effects` say; they remember what they were asked. */
function portsOf(view: { authorities: readonly Authority[]; rotations?: readonly Rotation[] }) {
  let { authorities, rotations = [] } = view
  const asked: (readonly [Verb, object])[] = []
  const remember = (verb: Verb) => async (command: object) => void asked.push([verb, command])
  const live = [{ signer: 'i1', sequence: 4, certificates: 2, latestExpiry: 130 }]
  const ports: AuthorityPorts = {
    outlook: async () => ({
      view: viewOf(authorities, rotations),
      moment: { now: 100, live },
      plan: { ...PLAN, longestLeafSeconds: 60 },
    }),
    rotator: {
      ...fakeAuthorities.rotator,
      activate: remember('activate'),
      taint: remember('taint'),
      revoke: remember('revoke'),
      retire: remember('retire'),
      abort: remember('abort'),
      force: remember('force'),
      async prepare(command) {
        asked.push(['prepare', command])
        authorities = authorities.includes(NEXT) ? authorities : [...authorities, NEXT]
        return NEXT
      },
      async rotate(command) {
        asked.push(['rotate', command])
        const started = rotation({ id: 'rot_1', reason: command.reason, actor: command.actor, startedAt: 95_000 })
        authorities = [...authorities, NEXT]
        rotations = [started]
        return started
      },
    },
  }
  return { ports, asked }
}

async function ask(ports: AuthorityPorts, words: string, body?: object, role = 'admin') {
  const app = buildApi(fakeDeps({ authorities: ports }), 'network', (handler) => createServer(handler))
  const [method, url] = words.split(' ')
  assert.ok((method === 'GET' || method === 'POST') && url !== undefined)
  const headers = { authorization: `Bearer ${role}` }
  const answer = await app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: answer.statusCode, json: answer.json() }
}

test('GET /v1/authorities tells live leaves and the next step', async () => {
  const { json } = await ask(portsOf({ authorities: [...OLD, NEXT] }).ports, 'GET /v1/authorities', undefined, 'viewer')
  assert.deepEqual(
    json.items.map(({ id, liveLeaves }: { id: string; liveLeaves: number }) => [id, liveLeaves]),
    [
      ['r1', 2],
      ['i1', 2],
      ['r2', 0],
    ],
  )
  assert.equal(json.items[0].nextStep, null)
  assert.equal(json.items[2].nextStep.do, 'activate')
  assert.equal('certificate' in json.items[0], false)
})

test('POST /v1/authorities gives 201 for a new one and 200 for the one that is prepared', async () => {
  const { ports, asked } = portsOf({ authorities: OLD })
  const body = { kind: 'root', keyType: 'ec-p384', crossSign: true, reason: 'a test' }
  const first = await ask(ports, 'POST /v1/authorities', body)
  assert.deepEqual([first.status, first.json.id, first.json.state], [201, 'r2', 'prepared'])
  assert.deepEqual(asked, [['prepare', { ...body, actor: 'admin' }]])
  assert.equal((await ask(ports, 'POST /v1/authorities', { kind: 'root' })).status, 200)
})

for (const verb of ['activate', 'taint', 'revoke', 'retire', 'abort'] as const) {
  describe(`POST /v1/authorities/{id}/${verb}`, () => {
    test('without a body, by whom', async () => {
      const { ports, asked } = portsOf({ authorities: [...OLD, NEXT] })
      const { status, json } = await ask(ports, `POST /v1/authorities/r2/${verb}`)
      assert.deepEqual([status, json.id, json.changes], [200, 'r2', undefined])
      assert.deepEqual(asked, [[verb, { id: 'r2', actor: 'admin', reason: '', isForced: false }]])
    })

    test('force needs a reason', async () => {
      const { ports, asked } = portsOf({ authorities: [...OLD, NEXT] })
      const url = `POST /v1/authorities/r2/${verb}`
      const { status, json } = await ask(ports, url, { force: true })
      assert.deepEqual([status, json.code, asked.length], [400, 'request.malformed', 0])
      await ask(ports, url, { force: true, reason: 'now' })
      assert.deepEqual(asked, [[verb, { id: 'r2', actor: 'admin', reason: 'now', isForced: true }]])
    })

    test('is for administrators', async () => {
      const { ports, asked } = portsOf({ authorities: [...OLD, NEXT] })
      const { status } = await ask(ports, `POST /v1/authorities/r2/${verb}`, {}, 'operator')
      assert.deepEqual([status, asked.length], [403, 0])
    })
  })
}

test('the old root certifies the new one where an activation says so, and nowhere else', async () => {
  const { ports, asked } = portsOf({ authorities: [...OLD, NEXT] })
  const seen = { ...(await ask(ports, 'POST /v1/authorities/r2/activate', { crossSign: true, dryRun: true })).json }
  assert.deepEqual([seen.waitingFor, asked.length], [null, 0])
  await ask(ports, 'POST /v1/authorities/r2/activate', { crossSign: true })
  assert.deepEqual(asked, [['activate', { id: 'r2', actor: 'admin', reason: '', isForced: false, crossSign: true }]])
  assert.equal((await ask(ports, 'POST /v1/authorities/r2/retire', { crossSign: true })).status, 400)
  assert.equal((await ask(ports, 'POST /v1/rotations', { kind: 'jwt', crossSign: true, dryRun: true })).status, 409)
})

test('a dry run changes nothing: what would change, and what it waits for', async () => {
  const { ports, asked } = portsOf({ authorities: [...OLD, NEXT] })
  const { status, json } = await ask(ports, 'POST /v1/authorities/r2/activate', { dryRun: true })
  assert.deepEqual([status, asked.length, json.state], [200, 0, 'prepared'])
  assert.deepEqual(json.waitingFor, { certificates: 2, latestExpiry: '1970-01-01T00:02:10Z' })
  assert.deepEqual(json.changes, [
    { id: 'r1', kind: 'root', from: 'active', to: 'draining' },
    { id: 'i1', kind: 'intermediate', from: 'active', to: 'draining' },
    { id: 'r2', kind: 'root', from: 'prepared', to: 'active' },
    { id: null, kind: 'intermediate', from: null, to: 'active' },
  ])
  const refused = await ask(ports, 'POST /v1/authorities/r1/revoke', { dryRun: true })
  assert.equal(refused.status, 200)
  assert.equal(
    (await ask(portsOf({ authorities: OLD }).ports, 'POST /v1/authorities/r1/revoke', { dryRun: true })).status,
    409,
  )
})

test('POST /v1/rotations starts one and shows it; a viewer looks at it', async () => {
  const { ports, asked } = portsOf({ authorities: OLD })
  const { status, json } = await ask(ports, 'POST /v1/rotations', { kind: 'root', reason: 'due' })
  assert.equal(status, 201)
  assert.deepEqual(asked, [
    ['rotate', { kind: 'root', keyType: undefined, crossSign: undefined, reason: 'due', actor: 'admin' }],
  ])
  const { id, kind, from, to, state, waitingFor, steps } = json
  assert.deepEqual(
    { id, kind, from, to, state },
    { id: 'rot_1', kind: 'root', from: 'r1', to: 'r2', state: 'distributing' },
  )
  assert.deepEqual(waitingFor, { certificates: 2, latestExpiry: '1970-01-01T00:02:10Z' })
  assert.deepEqual(steps[0], { name: 'prepare', at: '1970-01-01T00:01:35Z', done: true })
  assert.deepEqual((await ask(ports, 'GET /v1/rotations/rot_1', undefined, 'viewer')).json, json)
  assert.deepEqual((await ask(ports, 'GET /v1/rotations', undefined, 'viewer')).json, { items: [json], next: null })
})

test('a dry run of a rotation gives the timetable and needs no reason; a rotation does', async () => {
  const { ports, asked } = portsOf({ authorities: OLD })
  const { status, json } = await ask(ports, 'POST /v1/rotations', { kind: 'root', dryRun: true })
  assert.deepEqual([status, json.id, json.from, json.to, asked.length], [200, null, 'r1', null, 0])
  assert.deepEqual(
    json.steps.map(({ name }: { name: string }) => name),
    ['prepare', 'activate', 'retire'],
  )
  assert.equal((await ask(ports, 'POST /v1/rotations', { kind: 'root' })).json.code, 'request.malformed')
})

test('a rotation while one runs is refused with its id, by the dry run too', async () => {
  const { ports } = portsOf({ authorities: [...OLD, NEXT], rotations: [rotation({ id: 'rot_7' })] })
  const refuse = async () => {
    throw new AppError('authority.invalid_transition', 'rotation `rot_7` runs', { seen: 'rot_7' })
  }
  const refusing = { ...ports, rotator: { ...ports.rotator, rotate: refuse } }
  for (const body of [
    { kind: 'root', reason: 'x' },
    { kind: 'root', dryRun: true },
  ]) {
    const { status, json } = await ask(refusing, 'POST /v1/rotations', body)
    assert.deepEqual([status, json.code, json.seen], [409, 'authority.invalid_transition', 'rot_7'])
    assert.match(json.detail, /rot_7/)
  }
})

test('rotations are aborted and forced by their id or that of their new authority; force needs a reason', async () => {
  const { ports, asked } = portsOf({ authorities: [...OLD, NEXT], rotations: [rotation({ id: 'rot_7' })] })
  assert.equal((await ask(ports, 'POST /v1/rotations/rot_7/abort')).status, 200)
  assert.equal((await ask(ports, 'POST /v1/rotations/r2/force', { reason: 'now' })).json.id, 'rot_7')
  assert.deepEqual(asked, [
    ['abort', { id: 'rot_7', actor: 'admin', reason: '' }],
    ['force', { id: 'rot_7', actor: 'admin', reason: 'now' }],
  ])
  assert.equal((await ask(ports, 'POST /v1/rotations/rot_7/force')).json.code, 'request.malformed')
  assert.equal((await ask(ports, 'POST /v1/rotations/rot_7/force', { reason: 'x' }, 'operator')).status, 403)
})

for (const [words, body, status, code] of [
  ['GET /v1/rotations/rot_9', undefined, 404, 'resource.not_found'],
  ['POST /v1/rotations/rot_9/abort', {}, 404, 'resource.not_found'],
  ['POST /v1/authorities/r9/activate', { dryRun: true }, 404, 'resource.not_found'],
  ['POST /v1/rotations', { kind: 'leaf', reason: 'x' }, 400, 'request.malformed'],
  ['POST /v1/rotations', { kind: 'jwt', keyType: 'ed25519', reason: 'x' }, 400, 'request.malformed'],
  ['POST /v1/authorities', { kind: 'jwt', keyType: 'ed25519' }, 400, 'request.malformed'],
  ['POST /v1/authorities', { kind: 'root', ttl: '1h' }, 400, 'request.malformed'],
] as const) {
  test(`${words} ${JSON.stringify(body)}: ${code}`, async () => {
    const answer = await ask(portsOf({ authorities: OLD }).ports, words, body)
    assert.deepEqual([answer.status, answer.json.code], [status, code])
  })
}
