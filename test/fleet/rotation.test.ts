import { test } from 'node:test'
import { opensslMissing } from '../support/openssl.ts'
import { rotateUnderFleet } from '../support/rotate-under-fleet.ts'

const KEY_TYPES = ['ec-p384', 'rsa-2048', 'ec-p256', 'rsa-2048', 'ec-p384']

test('five roots one after the other under 200 clients of one another', { skip: opensslMissing }, (t) =>
  rotateUnderFleet(t, { clients: 200, ttl: '20s', keyTypes: KEY_TYPES }),
)
