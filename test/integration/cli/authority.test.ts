import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { FAKE_NOW, fakeIo } from '../../support/fake-io.ts'

const ROOT = 'a216ae17fa34880aa03399c6e39c4604289b1ddf'
const NEXT = 'ad0db44c8d19b95daa5697791d029faaaabb8ada'
const ROTATION = 'rot_794307f8-8d10-424d-91a9-a63efa8f2b59'

type Io = Parameters<typeof fakeIo>[0]

async function run(words: string, reply: (seen: Seen) => Reply, given: Io = {}) {
  await using api = await openFakeApi(reply)
  const io = fakeIo(given)
  const exit = await runCommandLine(['authority', ...words.split(' '), '--server', api.socket], io)
  const seen = api.seen.map(({ method, url, body }) => `${method} ${url}${body === '' ? '' : ` ${body}`}`)
  return { exit, out: io.out(), err: io.err(), seen }
}

const item = (id: string, more: object = {}) => {
  const life = { notBefore: '2026-11-21T02:00:00Z', notAfter: '2026-11-25T03:00:00Z' }
  return {
    id,
    kind: 'root',
    state: 'active',
    keyType: 'ec-p256',
    ...life,
    issuer: id,
    liveLeaves: 12,
    nextStep: null,
    ...more,
  }
}
const LIST = {
  items: [
    item('c'.repeat(40), { kind: 'intermediate', state: 'retired' }),
    item(NEXT, {
      state: 'prepared',
      liveLeaves: 0,
      nextStep: { do: 'activate', at: '2026-11-21T03:43:00Z', waitingFor: '12 certificates' },
    }),
    item(ROOT),
  ],
  next: null,
}

const rotation = (state: string, certificates: number | null, more: object = {}) => ({
  id: ROTATION,
  kind: 'root',
  from: ROOT,
  to: NEXT,
  state,
  waitingFor: certificates === null ? null : { certificates, latestExpiry: '2026-11-21T03:42:00Z' },
  steps: [
    { name: 'prepare', at: '2026-11-21T02:59:00Z', done: true },
    { name: 'activate', at: '2026-11-21T03:43:00Z', done: state === 'done' },
  ],
  ...more,
})

/** The states that a rotation is seen in, one after the other. */
function going(...states: readonly object[]): (seen: Seen) => Reply {
  const left = [...states]
  return ({ method }) => {
    if (method === 'POST') return { status: 201, body: rotation('distributing', 12) }
    return { body: left.length > 1 ? left.shift() : left[0] }
  }
}

const busy: Reply = {
  status: 409,
  body: { title: 'Conflict', status: 409, detail: 'it runs', code: 'authority.invalid_transition', seen: ROTATION },
}

test('list: active ones first, and without those that nobody uses any more', async () => {
  const { out, err } = await run('list', () => ({ body: LIST }), { terminal: true, env: { NO_COLOR: '1' } })
  assert.deepEqual(out.split('\n'), [
    'ID            KIND  STATE     KEY      EXPIRES  LEAVES  NEXT',
    'a216ae17fa34  root  active    ec-p256  in 4 d   12      -',
    'ad0db44c8d19  root  prepared  ec-p256  in 4 d   0       activate in 43 min at most, waits for 12 certificates',
    '',
  ])
  assert.match(err, /1 that nobody uses any more: --all/)
  const all = await run('list --all', () => ({ body: LIST }))
  assert.match(all.out, /cccccccccccc {2}intermediate {2}retired/)
  assert.deepEqual(JSON.parse((await run('list --output json', () => ({ body: LIST }))).out), LIST)
})

const changes: readonly (readonly [words: string, seen: readonly string[]])[] = [
  ['prepare --kind root --key-type ec-p384', ['POST /v1/authorities {"kind":"root","keyType":"ec-p384"}']],
  ['prepare --kind jwt --dry-run', ['POST /v1/rotations {"kind":"jwt","dryRun":true}']],
  [`activate ${NEXT}`, [`POST /v1/authorities/${NEXT}/activate {}`]],
  ['activate ad0db44c8d19', ['GET /v1/authorities', `POST /v1/authorities/${NEXT}/activate {}`]],
  [
    `activate ${NEXT} --force --reason late --yes`,
    [`POST /v1/authorities/${NEXT}/activate {"reason":"late","force":true}`],
  ],
  [`retire ${ROOT} --dry-run`, [`POST /v1/authorities/${ROOT}/retire {"dryRun":true}`]],
  [`taint ${ROOT} --reason lost --yes`, [`POST /v1/authorities/${ROOT}/taint {"reason":"lost"}`]],
  [`revoke ${ROOT} --yes`, [`POST /v1/authorities/${ROOT}/revoke {}`]],
  [`abort ${NEXT}`, [`POST /v1/authorities/${NEXT}/abort {}`]],
  [`abort ${ROTATION}`, [`POST /v1/rotations/${ROTATION}/abort {}`]],
  [
    `abort ${ROTATION} --dry-run`,
    [`GET /v1/rotations/${ROTATION}`, `POST /v1/authorities/${NEXT}/abort {"dryRun":true}`],
  ],
  [`force ${ROTATION} --reason late --yes`, [`POST /v1/rotations/${ROTATION}/force {"reason":"late"}`]],
  [`force ${NEXT} --reason late --yes`, [`POST /v1/rotations/${NEXT}/force {"reason":"late"}`]],
]
for (const [words, want] of changes) {
  test(`${words.slice(0, 60)}: asks ${want.at(-1)?.slice(0, 60)}`, async () => {
    const reply = ({ url, method }: Seen) => {
      if (method === 'GET') return { body: url === '/v1/authorities' ? LIST : rotation('distributing', 12) }
      return { body: item(NEXT) }
    }
    const { exit, seen, err } = await run(words, reply)
    assert.equal(exit, 0, err)
    assert.deepEqual(seen, want)
  })
}

for (const words of [
  `revoke ${ROOT}`,
  `taint ${ROOT}`,
  `force ${ROTATION} --reason x`,
  `retire ${ROOT} --force --reason x`,
]) {
  test(`${words.slice(0, 50)} asks a person`, async () => {
    const reply = () => ({ body: item(ROOT) })
    assert.deepEqual([(await run(words, reply)).exit, (await run(words, reply)).seen], [2, []])
    assert.deepEqual([(await run(words, reply, { answer: 'n' })).exit], [1])
    assert.equal((await run(words, reply, { answer: 'y' })).exit, 0)
  })
}

for (const [words, exit, code] of [
  ['activate --force ad0db44c8d19', 2, 'usage'],
  ['activate c0ffee', 1, 'resource.not_found'],
  ['activate a', 1, 'resource.not_found'],
  ['rotate --kind leaf', 2, 'usage'],
  ['rotate', 2, 'usage'],
  ['follow ad0db44c8d19', 2, 'usage'],
] as const) {
  test(`${words}: ${code}`, async () => {
    const failed = await run(`${words} --output json`, () => ({ body: LIST }))
    assert.deepEqual([failed.exit, JSON.parse(failed.err).error.code], [exit, code])
  })
}

test('a dry run says in words what would change', async () => {
  const preview = {
    ...item(NEXT, { state: 'prepared' }),
    changes: [
      { id: ROOT, kind: 'root', from: 'active', to: 'draining' },
      { id: null, kind: 'intermediate', from: null, to: 'active' },
    ],
    waitingFor: { certificates: 1, latestExpiry: '2026-11-21T03:42:00Z' },
    readyAt: '2026-11-21T03:43:00Z',
  }
  const { out } = await run(`activate ${NEXT} --dry-run`, () => ({ body: preview }))
  assert.deepEqual(out.split('\n'), [
    'would change: root a216ae17fa34 active -> draining',
    'would make: intermediate below it, active',
    'waiting for 1 certificate, 43 min at most',
    '',
  ])
})

test('rotate: one JSON line for each change where nobody looks', async () => {
  const states = [
    rotation('distributing', 12),
    rotation('distributing', 12),
    rotation('draining', 3),
    rotation('done', null),
  ]
  const { exit, out, seen } = await run('rotate --kind root --yes --reason due', going(...states))
  assert.equal(exit, 0)
  assert.equal(seen[0], 'POST /v1/rotations {"kind":"root","reason":"due"}')
  const lines = out.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).state),
    ['distributing', 'draining', 'done'],
  )
})

test('rotate: one line that is rewritten for a person', async () => {
  assert.equal(FAKE_NOW, Date.parse('2026-11-21T03:00:00Z'))
  const reply = going(rotation('distributing', 12), rotation('done', null))
  const { out } = await run('rotate --kind root --yes', reply, { terminal: true })
  assert.equal(out, '\r\u001b[2Kdistributing: waiting for 12 certificates, 43 min at most\r\u001b[2Kdone\n')
})

test('rotate: a rotation that was aborted ends with 1', async () => {
  const { exit, err } = await run('rotate --kind root --yes --output json', going(rotation('aborted', null)))
  assert.deepEqual([exit, JSON.parse(err).error.code], [1, 'rotation.aborted'])
})

test('rotate: --detach starts it and looks no further', async () => {
  const { exit, out, seen } = await run('rotate --kind root --yes --detach', going(rotation('done', null)))
  assert.deepEqual([exit, seen.length], [0, 1])
  assert.match(out, new RegExp(`^started ${ROTATION}`))
})

test('rotate: shows the timetable and asks; --dry-run only shows it', async () => {
  const refused = await run('rotate --kind root', going(rotation('done', null)))
  assert.equal(refused.exit, 2)
  assert.match(refused.err, /STEP +AT THE LATEST/)
  const no = await run('rotate --kind root', going(rotation('done', null)), { answer: 'no' })
  assert.deepEqual([no.exit, no.seen], [1, ['POST /v1/rotations {"kind":"root","dryRun":true}']])
  const dry = await run('rotate --kind root --dry-run', going(rotation('done', null)))
  assert.deepEqual([dry.exit, dry.seen.length], [0, 1])
  assert.match(dry.out, /^STEP +AT THE LATEST/)
})

test('rotate while one runs: 1 with its id; --resume follows it', async () => {
  const reply = ({ method }: Seen) => (method === 'POST' ? busy : { body: rotation('done', null) })
  const { exit, err } = await run('rotate --kind root --yes --output json', reply)
  assert.deepEqual([exit, JSON.parse(err).error.detail.seen], [1, ROTATION])
  const resumed = await run('rotate --kind root --yes --resume', reply)
  assert.equal(resumed.exit, 0)
  assert.match(resumed.err, new RegExp(`${ROTATION} runs already`))
  assert.equal(resumed.seen.at(-1), `GET /v1/rotations/${ROTATION}`)
})

test('follow: by the beginning of an id', async () => {
  const reply = ({ url }: Seen) => ({
    body: url === '/v1/rotations' ? { items: [rotation('draining', 3)], next: null } : rotation('done', null),
  })
  const { exit, seen } = await run('follow rot_7943', reply)
  assert.deepEqual([exit, seen.at(-1)], [0, `GET /v1/rotations/${ROTATION}`])
})
