import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { answerClientError } from './client-error.ts'
import { connectionOf } from './connection.ts'
import type { HttpBase } from './deps.ts'
import { toValidationError } from './framework-errors.ts'
import { acceptJsonBodies } from './json-body.ts'
import type { CreateServer } from './node-server.ts'
import { answerUnknownRoutes } from './not-found.ts'
import { sendError } from './send-error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic milliseconds. */
    started: number
    /** Who was authorized, on routes that need a role. */
    actor: string
  }
}

/** A name in Kubernetes has 253 characters at most. */
const MAX_PARAM_LENGTH = 256

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
      sendError(base, error, { request, reply })
      base.observer.request('none', reply.statusCode, 0) // hooks do not run here
    },
    clientErrorHandler: (error, socket) => answerClientError(base, error, socket),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    return503OnClosing: false, // what still comes on an open connection is answered, and the connection then closed
    forceCloseConnections: 'idle',
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorateRequest('started', 0)
  app.decorateRequest('actor', '')
  app.addHook('onRequest', (request, reply, done) => {
    request.started = base.clock.monotonic()
    connectionOf(request.raw.socket).response = reply.raw
    done()
  })
  finishAnswers(app, base)
  app.setErrorHandler((error, request, reply) => sendError(base, error, { request, reply }))
  acceptJsonBodies(app, base.limits, base.observer)
  answerUnknownRoutes(app)
  return app
}

/**
 * Every answer carries its request id and is observed. One that ends after the close began says `Connection: close`:
 * Node closes only the connections that are idle at that time.
 */
function finishAnswers(app: FastifyInstance, base: HttpBase): void {
  let draining = false
  app.addHook('preClose', (done) => {
    draining = true
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id)
    if (draining) reply.header('connection', 'close')
    const seconds = (base.clock.monotonic() - request.started) / 1000
    base.observer.request(request.routeOptions.url ?? 'none', reply.statusCode, seconds)
    done()
  })
}
