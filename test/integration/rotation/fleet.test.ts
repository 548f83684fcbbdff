import { test } from 'node:test'
import { opensslMissing } from '../../support/openssl.ts'
import { rotateUnderFleet } from '../../support/rotate-under-fleet.ts'

// The large fleet has a script of its own, `npm run test:fleet`: it needs the machine for itself.
test('two roots one after the other under clients of one another', { skip: opensslMissing }, (t) =>
  rotateUnderFleet(t, { clients: 24, ttl: '12s', keyTypes: ['ec-p384', 'rsa-2048'] }),
)
