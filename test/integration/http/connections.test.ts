import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type HttpListener, openHttps } from '../../../src/api/http/listen.ts'
import { testAuthorities } from '../../support/authority.ts'
import { FakeObserver, fakeDeps, LIMITS } from '../../support/http.ts'
import { testCredentials } from '../../support/serving.ts'

const observer = new FakeObserver()
let limits = { ...LIMITS, connections: 2, headerTimeout: 60 }
let listener: HttpListener

before(async () => {
  const server = await testCredentials(await testAuthorities('ec-p256', Date.now()), { dns: ['localhost'] })
  const deps = fakeDeps({ observer, limits: () => limits })
  const tls = { current: () => server, onChange: () => () => {} }
  listener = await openHttps({ host: '127.0.0.1', port: 0 }, tls, deps)
})
after(() => listener.close(0))

function open() {
  const socket = connect(Number(listener.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

test('limits.connections counts handshakes too: one more is closed at once', async () => {
  const held = [open(), open()]
  for (const socket of held) await once(socket, 'connect')
  await once(open(), 'close')
  assert.deepEqual(observer.limits, ['connections'])
  for (const socket of held) socket.destroy()
})

test('a reloaded limits.headerTimeout bounds the handshakes of new connections', async () => {
  limits = { ...limits, connections: 100, headerTimeout: 1 }
  listener.refreshLimits()
  observer.limits.length = 0
  await once(open(), 'close')
  assert.deepEqual(observer.limits, ['headerTimeout'])
})
