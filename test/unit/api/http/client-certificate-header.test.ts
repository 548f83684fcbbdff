import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseClientCertificateHeader } from '../../../../src/api/http/client-certificate-header.ts'

const A = 'spiffe://cluster.local/ns/a/sa/a'
const B = 'spiffe://cluster.local/ns/b/sa/b'

describe('x-forwarded-client-cert', () => {
  const good: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ['one element', `By=${B};Hash=ab12;Subject="";URI=${A}`, [[A]]],
    ['several names of one certificate', `Hash=ab12;URI=${A};URI=${B}`, [[A, B]]],
    ['several proxies, the newest last', `Hash=1;URI=${A},Hash=2;URI=${B}`, [[A], [B]]],
    ['keys in any case', `hash=1;uri=${A}`, [[A]]],
    ['a certificate without URI name', 'Hash=1;Subject="CN=x";URI=', [[]]],
    ['quotes in quotes', `Subject="CN=\\"x\\", O=y;z";URI=${A}`, [[A]]],
    ['separators in quotes', `Subject="/C=US,URI=${B};URI=${B}";URI=${A}`, [[A]]],
    ['backslashes of a subject', `Subject="CN=a\\,b\\\\";URI=${A}`, [[A]]],
    ['a quoted URI', `URI="${A}"`, [[A]]],
  ]
  for (const [title, value, want] of good) {
    test(title, () =>
      assert.deepEqual(
        parseClientCertificateHeader(value).map(({ uris }) => uris),
        want,
      ),
    )
  }

  test('hands on the certificate', () => {
    const [element] = parseClientCertificateHeader('Cert="-----BEGIN%20CERTIFICATE-----"')
    assert.equal(element?.certificate, '-----BEGIN%20CERTIFICATE-----')
  })

  const bad: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no pair', A],
    ['an unknown key', `Hash=1;URL=${A}`],
    ['an empty element', `URI=${A},`],
    ['an empty pair', `URI=${A};;Hash=1`],
    ['a trailing semicolon', `URI=${A};`],
    ['a blank before a key', `Hash=1; URI=${A}`],
    ['quotes that do not end', `Subject="CN=x;URI=${A}`],
    ['quotes that end escaped', `URI="${A}\\"`],
    ['something behind quotes', `Subject="CN=x"y;URI=${A}`],
    ['quotes within a value', `URI=${A}"`],
    ['an equals sign without quotes', `URI=${A}=x`],
    ['a line break', `URI=${A}\r\nURI=${B}`],
    ['a letter beyond ASCII', `URI=${A}é`],
  ]
  for (const [title, value] of bad) {
    test(`hostile 74: ${title} is refused`, () => {
      assert.throws(() => parseClientCertificateHeader(value), { code: 'request.malformed' })
    })
  }
})
