import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, toAddress } from '../../../src/config/address.ts'

const good: readonly (readonly [string, string, number])[] = [
  ['127.0.0.1:15012', '127.0.0.1', 15_012],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:15012', '::1', 15_012],
  ['[::]:65535', '::', 65_535],
  ['localhost:1', 'localhost', 1],
  ['ca.example.org:443', 'ca.example.org', 443],
]
for (const [text, host, port] of good) test(`address: ${text}`, () => assert.deepEqual(toAddress(text), { host, port }))

const bad = ['', ':15012', '127.0.0.1', '127.0.0.1:', '::1:15012', '[::1]', '[::1:15012', '[127.0.0.1]:1', '[]:1']
const worse = [
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '127.0.0.1:01',
  '127.0.0.1:1 ',
  '256.0.0.1:1',
  '127.1:1',
  'a b:1',
  'http://a:1',
]
for (const text of [...bad, ...worse]) test(`address: ${text} is refused`, () => assert.equal(toAddress(text), null))

const hosts: readonly (readonly [string, boolean])[] = [
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.example.org', false],
  ['localhost.example.org', false],
]
for (const [host, want] of hosts)
  test(`loopback: ${host} ${want ? 'is' : 'is not'}`, () => assert.equal(isLoopback(host), want))
