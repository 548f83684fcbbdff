import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from './jwt-maker.ts'
import type { Service } from './service.ts'

const PATIENCE_MS = 60_000

interface JsonAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** Whatever the test knows to be there. */
  readonly json: Readonly<{
    chain?: string[]
    bundle?: string[]
    code?: string
    token?: string
    next?: string | null
  }> & {
    readonly items?: readonly IssuedItem[]
  }
  readonly text: string
}

interface IssuedItem {
  readonly serial: string
  readonly identity: string
  readonly attestor: string
  readonly subject: string
  readonly outcome: string
}

/** Sends a request and reads the whole answer. */
export async function exchange(request: http.ClientRequest, body?: string): Promise<JsonAnswer> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
    request.end(body)
  })
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const isJson = text !== '' && /json/.test(response.headers['content-type'] ?? '')
  return { status: response.statusCode ?? 0, headers: response.headers, json: isJson ? JSON.parse(text) : {}, text }
}

/** A request on the admin socket. */
export function administer(service: Service, method: 'GET' | 'POST' | 'DELETE', path: string, body?: Json) {
  const content = body === undefined ? {} : { 'content-type': 'application/json' }
  const options = { socketPath: service.address('admin'), method, path, agent: false, headers: content }
  return exchange(http.request(options), body === undefined ? undefined : JSON.stringify(body))
}

/** A join token for `identity`. */
export async function createToken(service: Service, identity: string, uses = 1): Promise<string> {
  const { status, json, text } = await administer(service, 'POST', '/v1/tokens', { identity, uses })
  if (status !== 201 || json.token === undefined) throw new Error(`no token was created: ${text}`)
  return json.token
}

/** Everything in the record of issuance, page by page. */
export async function listIssued(service: Service, query = ''): Promise<IssuedItem[]> {
  const found: IssuedItem[] = []
  let after = ''
  do {
    const { status, json, text } = await administer(service, 'GET', `/v1/issued?limit=1000${query}${after}`)
    if (status !== 200 || json.items === undefined) throw new Error(`the record was not listed: ${text}`)
    found.push(...json.items)
    after = typeof json.next === 'string' ? `&after=${encodeURIComponent(json.next)}` : ''
  } while (after !== '')
  return found
}

/** GET on the monitoring listener. */
export function monitor(service: Service, path: string) {
  return exchange(http.get(`http://${service.address('monitoring')}${path}`, { agent: false }))
}

/** The value of one series of `/metrics`; 0 when it is not there. */
export async function readMetric(service: Service, series: string): Promise<number> {
  const { text } = await monitor(service, '/metrics')
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}

/** Waits until `holds`, at most a minute. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it did not happen within a minute: ${what}`)
    await sleep(50)
  }
}
