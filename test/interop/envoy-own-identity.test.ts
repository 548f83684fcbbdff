import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { asksOverTls } from './support/cluster.ts'
import { ALLOWED, HTTP_CASES } from './support/http-cases.ts'
import { type HttpProxy, sendCase, statusOf, toWritten } from './support/http-proxy.ts'
import { openHttpRecipe } from './support/http-recipe.ts'
import { envoy } from './support/tools.ts'

for (const name of ['envoy-grpc', 'envoy-http'] as const) {
  describe(`${name}.md over TLS: the proxy asks by its own identity`, { skip: envoy.missing }, () => {
    const adapt = asksOverTls(name)
    let proxy: HttpProxy
    before(async () => {
      proxy = await openHttpRecipe(name, adapt)
    })

    for (const asked of HTTP_CASES) {
      const wanted = name === 'envoy-http' ? asked.overHttp : asked.status
      test(`${wanted}: ${asked.title}`, async () => {
        assert.equal(await statusOf(proxy.mesh, toWritten(proxy, asked)), asked.status, 'the decision')
        assert.equal((await sendCase(proxy, asked)).status, wanted, 'the proxy')
      })
    }

    test('a proxy that names no workload has its own', async () => {
      const unnamed = await openHttpRecipe(name, (...given) => {
        const named = adapt(...given)
        const changed = named
          .replaceAll('x-alcazar-workload', 'x-unused')
          .replaceAll('workload: shop/', 'unused: shop/')
        assert.notEqual(changed, named)
        return changed
      })
      assert.equal((await sendCase(unnamed, ALLOWED)).status, 200)
      assert.equal((await sendCase(unnamed, { ...ALLOWED, target: '/reports' })).status, 403)
    })

    test("another's workload is refused", async () => {
      const impostor = await openHttpRecipe(name, (...given) => adapt(...given).replaceAll('shop/orders', 'ops/admin'))
      assert.equal((await sendCase(impostor, ALLOWED)).status, 403)
    })
  })
}
