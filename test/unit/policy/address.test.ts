import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, parseAddress, parseBlock } from '../../../src/policy/address.ts'

const cases: readonly (readonly [block: string, address: string, inside: boolean])[] = [
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['127.1.2.3/16', '127.1.9.9', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['2001:db8::/32', '2001:db8:1::5', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['2001:db8::1', '2001:db8:0:0::1', true],
  ['::/0', '1.2.3.4', false],
  ['::ffff:1.2.3.4', '1.2.3.4', false],
  ['::ffff:1.2.3.4', '::ffff:102:304', true],
]
for (const [block, address, inside] of cases) {
  test(`hostile 96: ${address} is ${inside ? '' : 'not '}in ${block}`, () => {
    const [parsedBlock, parsedAddress] = [parseBlock(block), parseAddress(address)]
    assert.ok(parsedBlock !== null && parsedAddress !== null)
    assert.equal(contains(parsedBlock, parsedAddress), inside)
  })
}

for (const text of ['010.1.1.1', '1.2.3', 'fe80::1%eth0', '[::1]', '1.2.3.4:80', '', 'localhost', ' 1.2.3.4']) {
  test(`hostile 96: \`${text}\` is no address`, () => assert.equal(parseAddress(text), null))
}
for (const text of ['1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/08', '1.2.3.4/-1', '1.2.3.4/8/8', 'x/8']) {
  test(`hostile 96: \`${text}\` is no block`, () => assert.equal(parseBlock(text), null))
}
