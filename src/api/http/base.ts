import Fastify, { type FastifyInstance, type FastifyRequest, type RouteOptions } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { AppError } from '../../kernel/errors.ts'
import { answerClientError } from './client-error.ts'
import { connectionOf } from './connection.ts'
import type { HttpBase } from './deps.ts'
import { sendError, sendNotFound } from './failures.ts'
import { toValidationError } from './framework-errors.ts'
import { acceptJsonBodies } from './json-body.ts'
import type { CreateServer } from './node-server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic milliseconds. */
    started: number
    /** Who was authorized, on routes that need a role. */
    actor: string
  }
}

export type App = ReturnType<typeof buildBase>

/** Fastify as every listener uses it: strict schemas, problems for errors, request ids, one observation per request. */
export function buildBase(base: HttpBase, createServer: CreateServer) {
  const app = Fastify({
    logger: false,
    serverFactory: createServer,
    genReqId: base.nextRequestId, // and none from clients: `requestIdHeader` is off by default
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true } },
    schemaErrorFormatter: toValidationError,
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id)
      sendError(base, error, { request, reply, route: 'none' })
    },
    clientErrorHandler: (error, socket) => answerClientError(base, error, socket),
    return503OnClosing: false, // what still comes on an open connection is answered, and the connection then closed
    forceCloseConnections: 'idle',
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorateRequest('started', 0)
  app.decorateRequest('actor', '')
  app.addHook('onRequest', (request, reply, done) => {
    request.started = base.clock.monotonic()
    connectionOf(request.raw.socket).response = reply.raw
    reply.header('x-request-id', request.id)
    done()
  })
  closeConnectionsWhileDraining(app)
  app.addHook('onRoute', (route) => observe(route, base))
  app.setErrorHandler((error, request, reply) => sendError(base, error, { request, reply, route: routeOf(request) }))
  acceptJsonBodies(app, base.limits, base.observer)
  app.setNotFoundHandler(notFoundHandler(app, base))
  return app
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none'
}

/** An answer that ends after the close began says `Connection: close`; Node closes only connections idle at that time. */
function closeConnectionsWhileDraining(app: FastifyInstance): void {
  let draining = false
  app.addHook('preClose', (done) => {
    draining = true
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) reply.header('connection', 'close')
    done()
  })
}
