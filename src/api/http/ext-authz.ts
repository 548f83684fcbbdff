import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../../kernel/errors.ts'
import { type Asker, toReference } from '../asked-workload.ts'
import { type Answer, refusalOf, toAnswer } from '../decision-answer.ts'
import type { DecisionPorts } from '../decision-ports.ts'
import { openCertificateUris, type UrisOfCertificate } from '../peer-uris.ts'
import { connectionOf } from './connection.ts'
import type { HttpBase } from './deps.ts'
import { sendAnswer } from './ext-authz-answer.ts'
import { toQuestion, toToldWorkload } from './ext-authz-question.ts'
import { EXT_AUTHZ, type Form, formOf } from './ext-authz-request.ts'

/** Who may send requests through a listener: proxies with client certificates, or whoever is on this host. */
type AskedThrough = 'mutual-tls' | 'loopback'

export interface ExtAuthzOptions {
  readonly base: HttpBase
  readonly decisions: DecisionPorts
  readonly through: AskedThrough
}

/** Handles one request; false, and nothing done, when it is for somebody else. */
export type ExtAuthzHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Envoy's HTTP ext_authz below `/ext-authz/` and forward-auth at `/ext-authz`, before any router: with every method and
 * the raw target, for a router would refuse or decode what policies must see as it came. Takes CONNECT off `server` too.
 */
export function openExtAuthz(server: Server, { base, decisions, through }: ExtAuthzOptions): ExtAuthzHandler {
  const deps: Deps = { base, decisions, through, urisOf: openCertificateUris() }
  const handle: ExtAuthzHandler = (request, response) => {
    const form = formOf(request.url ?? '')
    if (form === null) return false
    connectionOf(request.socket).response = response
    if (!server.listening) response.setHeader('connection', 'close') // it is closing
    void serve({ request, response, form }, deps)
    return true
  }
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    response.setHeader('connection', 'close') // what follows a CONNECT is no HTTP (RFC 9110 §9.3.6)
    // Node leaves such a connection to us: nobody else hears its errors, and nobody reads until its end
    socket.on('error', () => socket.destroy())
    response.on('finish', () => socket.destroySoon())
    if (handle(request, response)) return
    response.writeHead(404, { 'content-length': 0 }).end()
  })
  return handle
}

interface Deps extends ExtAuthzOptions {
  readonly urisOf: UrisOfCertificate
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly form: Form
}

async function serve(exchange: Exchange, deps: Deps): Promise<void> {
  const { request, response, form } = exchange
  const { observer, limits, clock, log } = deps.base
  const started = clock.monotonic()
  const answer = await answerTo(exchange, deps)
  try {
    const status = sendAnswer(response, answer, form)
    discardBody(request, limits().decisionBody)
    observer.request(form === 'ext-authz' ? `${EXT_AUTHZ}/*` : EXT_AUTHZ, status, (clock.monotonic() - started) / 1000)
  } catch (error) {
    log.error('ext_authz.failed', { error })
    response.destroy()
  }
}

/** Never rejects: whatever goes wrong is a refusal. */
async function answerTo(exchange: Exchange, deps: Deps): Promise<Answer> {
  const { decide, owns, reasonHeader } = deps.decisions
  const options = { reasonHeader: reasonHeader() }
  try {
    const asker = askerOf(exchange.request, deps)
    const question = toQuestion(exchange.request, exchange.form, deps.urisOf)
    const decided = decide(toReference(asker, toToldWorkload(exchange.request), owns), question)
    return toAnswer(question, decided instanceof Promise ? await decided : decided, options)
  } catch (thrown) {
    deps.decisions.onUndecided(thrown)
    return refusalOf(thrown, options)
  }
}

function askerOf({ socket }: IncomingMessage, { through, decisions }: Deps): Asker {
  if (through === 'loopback') return { by: 'loopback' }
  const { clientCertificate } = connectionOf(socket)
  if (clientCertificate === undefined) {
    throw new AppError('auth.missing', 'a decision needs the client certificate of a proxy')
  }
  return { by: 'certificate', identity: decisions.identify(clientCertificate) }
}

/** No decision looks at a body: it is read and forgotten, and a connection that sends too much of it is closed. */
function discardBody(request: IncomingMessage, limit: number | null): void {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (limit !== null && size > limit) request.destroy()
  })
}
