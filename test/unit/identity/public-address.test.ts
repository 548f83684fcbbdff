import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackAddress, isPublicAddress } from '../../../src/identity/public-address.ts'

const cases: readonly (readonly [string, boolean])[] = [
  ['8.8.8.8', true],
  ['172.15.255.255', true],
  ['172.32.0.0', true],
  ['2606:4700:4700::1111', true],
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['127.1.2.3', false],
  ['169.254.169.254', false],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['192.0.0.192', false],
  ['192.168.0.1', false],
  ['198.19.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:8.8.8.8', false],
  ['::ffff:169.254.169.254', false],
  ['64:ff9b::a9fe:a9fe', false],
  ['2002:a9fe:a9fe::1', false],
  ['2001:0:1::1', false],
  ['2001:db8::1', false],
  ['fd00:ec2::254', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['ff02::1', false],
  ['localhost', false],
  ['', false],
]
for (const [address, want] of cases) {
  test(`hostile 76: ${address} is ${want ? '' : 'not '}public`, () => assert.equal(isPublicAddress(address), want))
}

test('loopback addresses are 127.0.0.0/8 and ::1', () => {
  for (const address of ['127.0.0.1', '127.255.0.1', '::1']) assert.ok(isLoopbackAddress(address))
  for (const address of ['126.0.0.1', '::', '::ffff:10.0.0.1', 'localhost', '']) assert.ok(!isLoopbackAddress(address))
})
