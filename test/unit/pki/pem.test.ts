import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePem, toPem } from '../../../src/pki/pem.ts'

const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']
const block = (body: string, label = 'CERTIFICATE REQUEST') =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
const parse = (text: string) => parsePem(text, LABELS, 'csr.malformed').toString('latin1')

describe('parsePem takes', () => {
  for (const [title, text, want] of [
    ['no padding', block('YWJj'), 'abc'],
    ['one padding', block('YWI='), 'ab'],
    ['two paddings', block('YQ=='), 'a'],
    ['lines of any length', block('Y\nWJ\njYWI='), 'abcab'],
    ['all of the alphabet', block('+/+/'), '\xfb\xff\xbf'],
    ['the older label', block('YWJj', 'NEW CERTIFICATE REQUEST'), 'abc'],
    ['CRLF', block('YWJj').replaceAll('\n', '\r\n'), 'abc'],
    ['white space around', ` \t\r\n${block('YWJj')}\n \n`, 'abc'],
    ['no newline at the end', block('YWJj').trimEnd(), 'abc'],
  ] as const) {
    test(title, () => assert.equal(parse(text), want))
  }
})

describe('parsePem refuses', () => {
  for (const [title, text] of [
    ['nothing', ''],
    ['an empty body', block('')],
    ['padding alone', block('====')],
    ['another label', block('YWJj', 'CERTIFICATE')],
    ['a label that begins alike', block('YWJj', 'CERTIFICATE REQUEST 2')],
    ['labels that differ', block('YWJj').replace('END ', 'END NEW ')],
    ['no end', block('YWJj').slice(0, 40)],
    ['four dashes', block('YWJj').trimEnd().slice(0, -1)],
    ['text before', `x${block('YWJj')}`],
    ['text behind', `${block('YWJj')}x`],
    ['NUL behind', `${block('YWJj')}\0`],
    ['two blocks', block('YWJj').repeat(2)],
    ['headers (RFC 1421)', block('Proc-Type: 4,ENCRYPTED\n\nYWJj')],
    ['a body in the line of its label', '-----BEGIN CERTIFICATE REQUEST-----YWJj\n-----END CERTIFICATE REQUEST-----'],
    ['an end in the line of the body', '-----BEGIN CERTIFICATE REQUEST-----\nYWJj-----END CERTIFICATE REQUEST-----'],
    ['white space in a line', block('YW Jj')],
    ['padding missing', block('YWI')],
    ['padding too much', block('YWJj====')],
    ['padding in the middle', block('YQ==YWJj')],
    ['a digit alone', block('YWJjY')],
    ['RFC 4648 §3.5: bits left over', block('YWJ=')],
    ['RFC 4648 §3.5: more bits left over', block('YR==')],
    ['base64url', block('-_-_')],
    ['beyond ASCII', block('YWJ\u016a')],
  ] as const) {
    test(title, () => assert.throws(() => parse(text), { code: 'csr.malformed' }))
  }

  test('with the code that it is given', () => {
    assert.throws(() => parsePem('', ['CERTIFICATE'], 'request.malformed'), { code: 'request.malformed' })
  })
})

test('toPem writes lines of 64 and ends in a newline', () => {
  const text = toPem('CERTIFICATE', Buffer.alloc(60))
  const [begin, first, second, end, rest] = text.split('\n')
  assert.deepEqual([begin, end, rest], ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', ''])
  assert.deepEqual([first?.length, second?.length], [64, 16])
})
