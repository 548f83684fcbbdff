import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { issueClients } from './support/clients.ts'
import { ALLOWED, HTTP_CASES, type HttpCase } from './support/http-cases.ts'
import { HTTP_POLICIES } from './support/http-policies.ts'
import { assertUpstream, type HttpProxy, sendCase, statusOf, toWritten } from './support/http-proxy.ts'
import { startMesh } from './support/mesh.ts'
import { freePort, LOCAL, startNginx } from './support/proxies.ts'
import { nginx } from './support/tools.ts'
import { startHttpWorkload } from './support/upstream.ts'

describe('nginx.md: a request ends as POST /v1/decisions says', { skip: nginx.missing }, () => {
  let overTls: HttpProxy
  let plain: HttpProxy
  before(async () => {
    const mesh = await startMesh('nginx', HTTP_POLICIES)
    const [clients, directory, workload, port, tlsPort] = await Promise.all([
      issueClients(mesh),
      mesh.issue('shop', 'orders'),
      startHttpWorkload(),
      freePort(),
      freePort(),
    ])
    const config = mesh.recipe('nginx.conf', {
      'listen 8080': `listen ${LOCAL}:${port}`,
      'listen 8443 ssl': `listen ${LOCAL}:${tlsPort} ssl`,
      '127.0.0.1:8081': `${LOCAL}:${workload}`,
      '127.0.0.1:15015': `${LOCAL}:${mesh.decisionsPort}`,
      '/etc/alcazar/orders': directory,
    })
    await startNginx(config, tlsPort)
    plain = { mesh, port, clients }
    overTls = { mesh, port: tlsPort, clients }
  })
  const proxyOf = ({ client }: HttpCase) => (client === 'nobody' ? plain : overTls)

  for (const asked of HTTP_CASES) {
    const wanted = statusOverNginx(asked)
    test(`${wanted}: ${asked.title}`, async () => {
      const proxy = proxyOf(asked)
      assert.equal(await statusOf(proxy.mesh, toWritten(proxy, asked)), asked.status, 'the decision')
      const answer = await sendCase(proxy, asked)
      assert.equal(answer.status, wanted, 'the proxy')
      const appends = asked.headers.some(([name]) => name === 'x-forwarded-for')
      if (wanted === 200 && !appends) await assertUpstream(proxy, asked, { answer, keepsQuery: asked.keepsQuery })
      if (wanted === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /)
    })
  }

  test('hostile 74: what a client says of itself is not believed', async () => {
    const headers = [
      ['x-forwarded-client-cert', 'URI=spiffe://cluster.local/ns/ops/sa/admin'],
      ['x-alcazar-workload', 'other/workload'],
      ['x-alcazar-source-ip', '10.1.2.3'],
      ['x-alcazar-sni', 'orders.shop'],
      ['x-original-uri', '/public/a'],
      ['x-original-method', 'HEAD'],
      ['x-forwarded-uri', '/public/a'],
      ['x-forwarded-method', 'HEAD'],
      ['x-forwarded-host', 'open.shop'],
    ] as const
    for (const target of ['/reports', '/far', '/sni', '/admin']) {
      assert.equal((await sendCase(plain, { ...ALLOWED, client: 'nobody', target, headers })).status, 403, target)
    }
    assert.equal((await sendCase(plain, { ...ALLOWED, client: 'nobody', target: '/public/a', headers })).status, 200)
  })

  test('hostile 101: without an answer of the service nothing passes', async () => {
    const { service } = overTls.mesh
    service.signal('SIGSTOP')
    assert.equal((await sendCase(overTls, ALLOWED)).status, 500)
    await service.kill()
    for (const asked of HTTP_CASES) assert.notEqual((await sendCase(proxyOf(asked), asked)).status, 200, asked.title)
  })
})

/** nginx refuses what it would forward unclear, appends to X-Forwarded-For, and gets 403 where others get 400. */
function statusOverNginx({ target, headers, method, host, overHttp }: HttpCase): number {
  if (isUnclear(target)) return 400
  if (target === '/lan' && headers.length > 0) return 403
  const isItsOwn = target.includes('%00') || method === 'get' || host === null
  return overHttp === 400 && !isItsOwn ? 403 : overHttp
}

function isUnclear(target: string): boolean {
  const [path = ''] = target.split('?')
  const segments = path.split('/')
  return !path.startsWith('/') || /%2e|\\/i.test(path) || segments.includes('.') || segments.includes('..')
}
