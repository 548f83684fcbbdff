import { Type } from 'typebox'
import { type App, buildBase } from './base.ts'
import type { MonitoringDeps } from './deps.ts'
import type { CreateServer } from './node-server.ts'

const Health = Type.Object({ ok: Type.Boolean(), problems: Type.Array(Type.String()) })

/** `/metrics`, `/livez` and `/readyz`, unauthenticated: for a loopback listener. */
export function buildMonitoring(deps: MonitoringDeps, createServer: CreateServer): App {
  const app = buildBase(deps, createServer)
  const schema = { response: { 200: Health, 503: Health } }
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await deps.metrics()
    return reply.header('content-type', contentType).send(body)
  })
  app.get('/livez', { schema }, async (_request, reply) => {
    const ok = deps.live()
    return reply.code(ok ? 200 : 503).send({ ok, problems: [] })
  })
  app.get('/readyz', { schema }, async (_request, reply) => {
    const { ok, problems } = deps.ready()
    return reply.code(ok ? 200 : 503).send({ ok, problems: [...problems] })
  })
  return app
}
