import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { OF_THE_COMMAND_LINE } from '../../../src/config/environment.ts'
import { openFakeApi } from '../../support/fake-api.ts'
import { fakeIo } from '../../support/fake-io.ts'

async function run(words: readonly string[]) {
  const io = fakeIo({ env: { ALCAZAR_SERVER: '/nowhere/admin.sock' } })
  const exit = await runCommandLine(words, io)
  return { exit, out: io.out(), err: io.err() }
}

const wrong: readonly (readonly [words: readonly string[], hint: RegExp])[] = [
  [[], /alcazar --help/],
  [['token'], /alcazar token --help/],
  [['tokne', 'list'], /token/],
  [['token', 'crate'], /did you mean create\?/],
  [['cert', 'list', '--identiy', 'x'], /did you mean --identity\?.*alcazar cert list --help/],
  [['cert', 'list', 'extra'], /alcazar cert list --help/],
  [['cert', 'show'], /alcazar cert show --help/],
  [['token', 'create'], /--identity/],
  [['token', 'create', '--identity', 'x', '--ttl', '1h1h'], /--ttl/],
  [['token', 'create', '--identity', 'x', '--uses', '1e3'], /--uses/],
  [['cert', 'issue', '--out', 'x', '--key-type', 'dsa'], /ec-p256/],
  [['cert', 'list', '--limit', '1001'], /1000/],
  [['cert', 'list', '--since', 'yesterday'], /--since/],
  [['cert', 'revoke', 'not-hex'], /serial/],
  [['jwt', 'issue'], /--audience/],
  [['jwt', 'issue', '--audience', 'a', '--identity', 'x', '--join-token', 'y'], /cannot be used with/],
  [['status', '--output', 'xml'], /table, json/],
  [['completion', 'fish'], /bash, zsh/],
]
for (const [words, hint] of wrong) {
  test(`usage: \`alcazar ${words.join(' ')}\` exits 2 and says how it goes`, async () => {
    const { exit, out, err } = await run(words)
    assert.equal(exit, 2)
    assert.equal(out, '')
    assert.match(err, hint)
  })
}

test('usage: with --output json the failure is one JSON value', async () => {
  const { exit, out, err } = await run(['--output=json', 'token', 'crate'])
  assert.equal(exit, 2)
  assert.equal(out, '')
  assert.equal(JSON.parse(err).error.code, 'usage')
})

for (const [words, form] of [
  [['token', 'crate'], 'json'],
  [['token', 'crate', '--output', 'table'], 'table'],
  [['--output=table', 'token', 'crate'], 'table'],
] as const) {
  test(`usage: with ALCAZAR_OUTPUT=json, \`alcazar ${words.join(' ')}\` fails as ${form}`, async () => {
    const io = fakeIo({ env: { ALCAZAR_OUTPUT: 'json' } })
    assert.equal(await runCommandLine(words, io), 2)
    assert.equal(io.err().startsWith('{'), form === 'json')
  })
}

test('every variable that the configuration passes over is one of the command line', async () => {
  const help = `${(await run(['serve', '--help'])).out}${(await run(['backup', '--help'])).out}`
  for (const name of OF_THE_COMMAND_LINE) assert.match(help, new RegExp(`\\b${name}\\b`))
  assert.ok(OF_THE_COMMAND_LINE.size > 5)
})

test('serve: the file of ALCAZAR_CONFIG is the configuration', async () => {
  const io = fakeIo({ env: { ALCAZAR_CONFIG: '/nowhere/alcazar.yaml' } })
  assert.equal(await runCommandLine(['serve'], io), 1)
  assert.match(io.err(), /\/nowhere\/alcazar\.yaml: cannot be read.*config\.invalid/s)
})

test('every command has help, which exits 0 and names the options that all take', async () => {
  for (const words of [
    '',
    'token create',
    'token list',
    'cert issue',
    'cert show',
    'bundle show',
    'status',
    'serve',
    'completion',
  ]) {
    const { exit, out, err } = await run([...words.split(' ').filter(Boolean), '--help'])
    assert.equal(exit, 0, words)
    assert.equal(err, '')
    assert.match(out, /--output <form>/)
  }
})

test('with --verbose, too, nothing that a server says steers the terminal', async () => {
  const reply = { status: 403, body: { code: 'auth.forbidden', detail: 'no\u001b[2J\u009b31m\u202e' } }
  await using api = await openFakeApi(async () => reply)
  const io = fakeIo({ env: { ALCAZAR_SERVER: api.socket } })
  assert.equal(await runCommandLine(['status', '--verbose'], io), 1)
  assert.match(io.err(), /CommandError: no\?\[2J\?31m\?.*\n +at /)
  assert.match(io.err(), /^[\x20-\x7e\n]+$/)
})

test('a bug exits 70 and shows its stack only with --verbose', async () => {
  const io = {
    ...fakeIo(),
    stdout: {
      isTerminal: false,
      write: () => {
        throw new TypeError('broken')
      },
    },
  }
  assert.equal(await runCommandLine(['completion', 'bash'], io), 70)
  assert.match(io.err(), /this is a bug: broken/)
  assert.doesNotMatch(io.err(), /at /)
  assert.equal(await runCommandLine(['completion', 'bash', '--verbose'], io), 70)
  assert.match(io.err(), /TypeError: broken\n +at /)
})
