import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { Client, credentials } from '@grpc/grpc-js'
import { AuthorizationService } from '../../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'
import { checkHttp, checkPeer, checkRequest, headerMap, readCheckResponse, socketAddress } from '../../support/check.ts'
import { DOORS, newRequest, openGrpcClient } from '../../support/doors.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer, exchange } from '../../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../../support/service-tokens.ts'

const ADDRESS = '10.0.0.1'
const CLIENT = idOf('shop', 'client')
const metadata = (name: string) => ({ name, namespace: 'shop' })
const security = { apiVersion: 'security.istio.io/v1' }
const RESOURCES = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: metadata('web-1'),
    spec: { address: ADDRESS, labels: { app: 'web' }, serviceAccount: 'web', ports: { 'http-web': 8080 } },
  },
  {
    ...security,
    kind: 'AuthorizationPolicy',
    metadata: metadata('allow'),
    spec: {
      selector: { matchLabels: { app: 'web' } },
      rules: [
        {
          from: [{ source: { principals: [CLIENT.slice('spiffe://'.length)] } }],
          to: [{ operation: { ports: ['8080'] } }],
        },
      ],
    },
  },
  {
    ...security,
    kind: 'AuthorizationPolicy',
    metadata: metadata('deny'),
    spec: {
      action: 'DENY',
      rules: [
        { to: [{ operation: { paths: ['/admin', '/admin/*'] } }] },
        { when: [{ key: 'request.headers[x-env]', values: ['test'] }] },
      ],
    },
  },
]

let service: Service
let proxy: { readonly cert: string; readonly key: string }

before(async () => {
  const free = '127.0.0.1:0'
  const listen = { grpc: free, https: free, monitoring: free, decisions: free }
  service = await startService({ config: { attestation: ATTESTATION, listen, decisions: { reasonHeader: 'on' } } })
  const door = DOORS.REST(service, { token: kubernetesToken('shop', 'web') })
  const { csr, pem } = newRequest(idOf('shop', 'web'))
  const { chain } = await door.ask(csr)
  door.close()
  proxy = { cert: chain.join(''), key: pem }
  for (const resource of RESOURCES) {
    const { status, text } = await administer(service, 'POST', '/v1/resources', resource)
    assert.equal(status, 200, text)
  }
})
after(() => service.stop())

interface Asked {
  readonly client: string | null
  readonly path: string
  readonly headers?: readonly (readonly [string, string])[]
}

/** Each gives the HTTP status that the client of the proxy would get. */
const forms: Readonly<Record<string, (asked: Asked) => Promise<number>>> = {
  'Check over TLS': (asked) => check(openGrpcClient(service, proxy), asked, {}),
  'Check on the decisions listener': (asked) =>
    check(new Client(service.address('decisions'), credentials.createInsecure()), asked, { workload: 'shop/web-1' }),
  'Check by address': (asked) =>
    check(new Client(service.address('decisions'), credentials.createInsecure()), asked, {}),
  'ext_authz over HTTPS': ({ path, ...asked }) => {
    const options = {
      host: '127.0.0.1',
      port: service.port('https'),
      path: `/ext-authz${path}`,
      agent: false as const,
      servername: 'localhost',
    }
    return statusOf(https.request({ ...options, ca: service.roots(), ...proxy, headers: toldHeaders(asked) }))
  },
  'ext_authz on the decisions listener': ({ path, ...asked }) =>
    statusOf(
      http.request({ ...decisionsListener(), path: `/ext-authz${path}`, headers: toldHeaders(asked, 'shop/web-1') }),
    ),
  'forward-auth': ({ path, ...asked }) => {
    const forwarded = { 'x-original-method': 'GET', 'x-original-uri': path }
    const headers = { ...toldHeaders(asked, 'shop/web-1'), ...forwarded }
    return statusOf(http.request({ ...decisionsListener(), path: '/ext-authz', headers }))
  },
  '/v1/decisions': async ({ client, path, headers = [] }) => {
    const peer = client === null ? null : { uriSans: [client] }
    const request = {
      protocol: 'http',
      port: 8080,
      sourceIp: '10.0.0.9',
      peer,
      method: 'GET',
      path,
      host: 'web',
      headers,
    }
    const { status, text } = await administer(service, 'POST', '/v1/decisions', {
      workload: 'shop/web-1',
      requests: [request],
    })
    assert.equal(status, 200, text)
    return JSON.parse(text).decisions[0].status ?? 403
  },
}

const cases: readonly (readonly [string, Asked, number])[] = [
  ['the client may', { client: CLIENT, path: '/a?b=c' }, 200],
  ['another may not', { client: idOf('shop', 'other'), path: '/a' }, 403],
  ['nobody may in plaintext', { client: null, path: '/a' }, 403],
  ['hostile 79: a dot', { client: CLIENT, path: '/./admin' }, 403],
  ['hostile 79: a dot segment', { client: CLIENT, path: '/a/%2e%2e/admin/x' }, 403],
  ['hostile 82: a fragment', { client: CLIENT, path: '/public#/../admin' }, 400],
  ['a header', { client: CLIENT, path: '/a', headers: [['x-env', 'test']] }, 403],
  [
    'hostile 88: one of two headers',
    {
      client: CLIENT,
      path: '/a',
      headers: [
        ['x-env', 'prod'],
        ['x-env', 'test'],
      ],
    },
    403,
  ],
]
for (const [form, ask] of Object.entries(forms)) {
  describe(form, () => {
    for (const [title, asked, status] of cases) {
      const want = form === 'forward-auth' && status === 400 ? 403 : status
      test(`${title}: ${want}`, async () => assert.equal(await ask(asked), want))
    }
  })
}

test('a refused client is told the policy', async () => {
  const headers = toldHeaders({ client: CLIENT }, 'shop/web-1')
  const response = await exchange(http.request({ ...decisionsListener(), path: '/ext-authz/admin', headers }))
  assert.match(String(response.headers['x-alcazar-reason']), /deny/)
})

test('a proxy asks /v1/decisions about its own workload only', async () => {
  const decide = (workload: unknown) => {
    const request = { protocol: 'tcp', port: 8080, sourceIp: '10.0.0.9', peer: null }
    const options = { host: '127.0.0.1', port: service.port('https'), path: '/v1/decisions', method: 'POST' }
    const headers = { 'content-type': 'application/json' }
    const sent = https.request({ ...options, agent: false, ca: service.roots(), ...proxy, headers })
    return exchange(sent, JSON.stringify({ workload, requests: [request] }))
  }
  assert.equal((await decide('shop/web-1')).status, 200)
  assert.equal((await decide('shop/other')).json.code, 'auth.forbidden')
  assert.equal((await decide({ namespace: 'shop', labels: {} })).json.code, 'auth.forbidden')
})

function decisionsListener() {
  const [host, port] = service.address('decisions').split(':')
  return { host, port, agent: false as const }
}

/** What a proxy tells beside the request. */
function toldHeaders({ client, headers = [] }: Omit<Asked, 'path'>, workload?: string): http.OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = {
    host: 'web',
    'x-alcazar-port': '8080',
    'x-alcazar-source-ip': '10.0.0.9',
    'x-alcazar-destination-ip': ADDRESS,
  }
  if (workload !== undefined) fields['x-alcazar-workload'] = workload
  if (client !== null) fields['x-forwarded-client-cert'] = `By=;Hash=1;Subject="";URI=${client}`
  for (const [name, value] of headers) fields[name] = [fields[name] ?? [], value].flat()
  return fields
}

async function statusOf(request: http.ClientRequest): Promise<number> {
  return (await exchange(request)).status
}

async function check(client: Client, asked: Asked, contextExtensions: Record<string, string>): Promise<number> {
  const { path, headers = [] } = asked
  const bytes = checkRequest({
    source: checkPeer({ principal: asked.client ?? '' }),
    destination: checkPeer({ address: socketAddress(ADDRESS, 8080) }),
    tlsSession: undefined,
    request: { http: checkHttp({ path, headerMap: headerMap(headers.map(([name, value]) => [name, value])) }) },
    contextExtensions,
  })
  try {
    return await new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        AuthorizationService.check.path,
        (message: Buffer) => message,
        readCheckResponse,
        bytes,
        (error, answer) => (answer === undefined ? reject(error) : resolve(answer.http ?? 200)),
      ),
    )
  } finally {
    client.close()
  }
}
