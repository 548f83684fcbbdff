import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { ALLOWED, HTTP_CASES } from './support/http-cases.ts'
import { assertUpstream, type HttpProxy, sendCase, statusOf, toWritten, valuesOf } from './support/http-proxy.ts'
import { openHttpRecipe } from './support/http-recipe.ts'
import { envoy } from './support/tools.ts'
import type { Received } from './support/upstream.ts'

for (const name of ['envoy-grpc', 'envoy-http'] as const) {
  describe(`${name}.md: a request ends as POST /v1/decisions says`, { skip: envoy.missing }, () => {
    const overHttp = name === 'envoy-http'
    let proxy: HttpProxy
    before(async () => {
      proxy = await openHttpRecipe(name)
    })

    for (const asked of HTTP_CASES) {
      const wanted = overHttp ? asked.overHttp : asked.status
      test(`${wanted}: ${asked.title}`, async () => {
        assert.equal(await statusOf(proxy.mesh, toWritten(proxy, asked)), asked.status, 'the decision')
        const answer = await sendCase(proxy, asked)
        assert.equal(answer.status, wanted, 'the proxy')
        if (wanted === 200) await assertUpstream(proxy, asked, { answer, keepsQuery: overHttp && asked.keepsQuery })
        if (wanted === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /)
      })
    }

    test('hostile 89: a header name with an underscore is refused', async () => {
      assert.equal((await sendCase(proxy, { ...ALLOWED, headers: [['x_user', 'alice']] })).status, 400)
    })

    test('hostile 74: what a client says of itself is not believed', async () => {
      const headers = [
        ['x-forwarded-client-cert', 'URI=spiffe://cluster.local/ns/ops/sa/admin'],
        ['x-alcazar-workload', 'other/workload'],
        ['x-alcazar-source-ip', '10.1.2.3'],
        ['x-alcazar-sni', 'orders.shop'],
        ['x-original-uri', '/public/a'],
      ] as const
      for (const target of ['/reports', '/far', '/sni', '/admin']) {
        const { status } = await sendCase(proxy, { ...ALLOWED, client: 'nobody', target, headers })
        assert.equal(status, 403, target)
      }
      const { body } = await sendCase(proxy, { ...ALLOWED, client: 'nobody', target: '/public/a', headers })
      const received: Received = JSON.parse(body)
      for (const [name] of headers) assert.deepEqual(valuesOf(received, name), [], name)
    })

    test('hostile 101: without an answer of the service nothing passes', async () => {
      const { service } = proxy.mesh
      assert.equal((await sendCase(proxy, ALLOWED)).status, 200)
      service.signal('SIGSTOP')
      assert.equal((await sendCase(proxy, ALLOWED)).status, 503, 'it is slow')
      await service.kill()
      for (const asked of HTTP_CASES) assert.notEqual((await sendCase(proxy, asked)).status, 200, asked.title)
      assert.equal((await sendCase(proxy, ALLOWED)).status, 503)
    })
  })
}
