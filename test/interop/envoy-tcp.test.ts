import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { asksOverTls } from './support/cluster.ts'
import { TCP_STAGES } from './support/tcp-cases.ts'
import { connects, isAllowed, openTcpRecipe, type TcpProxy } from './support/tcp-recipe.ts'
import { envoy } from './support/tools.ts'

const WAYS = [
  ['envoy-tcp.md', undefined],
  ['envoy-tcp.md over TLS, by its own identity', asksOverTls('envoy-grpc')],
] as const

for (const [way, adapt] of WAYS) {
  describe(`${way}: a connection ends as POST /v1/decisions says`, { skip: envoy.missing }, () => {
    let proxy: TcpProxy
    before(async () => {
      proxy = await openTcpRecipe(adapt)
    })

    for (const { title, policies, cases } of TCP_STAGES) {
      test(title, async (t) => {
        await proxy.mesh.apply(policies(proxy.port))
        for (const [wanted, client, sni] of cases) {
          await t.test(`${wanted}: ${client}${sni === null ? '' : `, SNI ${sni}`}`, async () => {
            assert.equal(await isAllowed(proxy, client, sni), wanted === 'allow', 'the decision')
            assert.equal(await connects(proxy, client, sni), wanted === 'allow', 'the proxy')
          })
        }
      })
    }

    test('hostile 101: without an answer of the service nothing passes', async () => {
      const { service } = proxy.mesh
      assert.equal(await connects(proxy, 'web', null), true)
      service.signal('SIGSTOP')
      assert.equal(await connects(proxy, 'web', null), false, 'it is slow')
      await service.kill()
      for (const client of ['web', 'admin', 'nobody'] as const) {
        assert.equal(await connects(proxy, client, null), false, client)
      }
    })
  })
}
