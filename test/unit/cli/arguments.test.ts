import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeParser, toSerial } from '../../../src/cli/arguments.ts'
import { parseTarget } from '../../../src/cli/target.ts'
import { FAKE_NOW } from '../../support/fake-io.ts'

const serials: readonly (readonly [text: string, want: string | null])[] = [
  ['0f3c', '00000000000000000000000000000f3c'],
  ['0F:3C', '00000000000000000000000000000f3c'],
  ['0x0f3c', '00000000000000000000000000000f3c'],
  ['7f00000000000000000000000000abcd', '7f00000000000000000000000000abcd'],
  ['cert.pem', null],
  ['../0f', null],
  ['', null],
]
for (const [text, want] of serials) {
  test(`serial \`${text}\` is ${want}`, () => assert.equal(toSerial(text), want))
}

test('a time is RFC 3339 or how long ago', () => {
  const parse = timeParser(() => FAKE_NOW)
  assert.equal(parse('24h'), '2026-11-20T03:00:00.000Z')
  assert.equal(parse('2026-11-21T02:00:00Z'), '2026-11-21T02:00:00.000Z')
  for (const text of ['yesterday', 'March 7', '24 h', '2026-99-99']) {
    assert.throws(() => parse(text), { code: 'commander.invalidArgument' }, text)
  }
})

test('--server: a path is a socket, https an address', () => {
  assert.deepEqual(parseTarget({ server: './data/admin.sock' }), { kind: 'socket', path: './data/admin.sock' })
  const target = parseTarget({ server: 'https://[::1]:15013' })
  assert.equal(target.kind === 'https' && target.url.port, '15013')
})

const refused: readonly string[] = [
  'http://localhost:15013',
  'https://',
  'https://user:secret@host',
  'https://host/path',
  'https://host?x',
  'ftp://host',
  `/${'x'.repeat(107)}`,
]
for (const server of refused) {
  test(`--server ${server.slice(0, 40)} is a usage error`, () => {
    assert.throws(() => parseTarget({ server }), { code: 'usage' })
  })
}

test('--cert needs --key, and a file that cannot be read is named', () => {
  assert.throws(() => parseTarget({ server: 'https://host', cert: 'x' }), { code: 'usage' })
  assert.throws(() => parseTarget({ server: 'https://host', cacert: '/nowhere/ca.pem' }), {
    code: 'usage',
    message: /nowhere/,
  })
})
