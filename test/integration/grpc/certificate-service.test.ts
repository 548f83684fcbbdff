import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError, status } from '@grpc/grpc-js'
import { addCertificateService } from '../../../src/api/grpc/certificate-service.ts'
import { ErrorInfo, RetryInfo, Status } from '../../../src/api/grpc/generated/google/rpc/status.ts'
import {
  IstioCertificateRequest,
  IstioCertificateServiceService,
} from '../../../src/api/grpc/generated/istio/v1/auth/ca.ts'
import { type GrpcListener, openGrpcListener } from '../../../src/api/grpc/listen.ts'
import type { Issued, IssueRequest, UnreadRequest } from '../../../src/ca/issue/issuance.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { type TestAuthorities, testAuthorities } from '../../support/authority.ts'
import { type Credentials, testCredentials } from '../../support/serving.ts'

const METHOD = IstioCertificateServiceService.createCertificate
const NAMES = { dns: ['localhost', 'istiod.istio-system.svc'], ips: ['127.0.0.1'] }
const issuer = { authority: 'a', intermediates: ['I1\n', 'I2\n'], roots: ['R1\n', 'R2\n'], bundleSequence: 1 }
const issued: Issued = {
  serial: '0f'.repeat(16),
  identity: 'spiffe://cluster.local/a',
  notBefore: 1,
  notAfter: 2,
  renewAfter: 2,
  issuedAt: 1000,
  leaf: 'L\n',
  issuer,
}

let authorities: TestAuthorities
let server: Credentials
let listener: GrpcListener
let onChange: (() => void) | null = null
let seen: IssueRequest[] = []
let unread: UnreadRequest[] = []
let hits: string[] = []
const hit = (limit: string) => void hits.push(limit)
let answer: (request: IssueRequest) => Promise<Issued> = async () => issued

before(async () => {
  authorities = await testAuthorities('ec-p256', Date.now())
  server = await testCredentials(authorities, NAMES)
  listener = await openGrpcListener({
    host: '127.0.0.1',
    port: 0,
    tls: {
      current: () => server,
      onChange: (listener) => {
        onChange = listener
        return () => {}
      },
    },
    limits: () => ({ body: 65_536, bodyTimeout: 1, concurrentStreams: 256, connections: 100, headerTimeout: 1 }),
    onLimitHit: hit,
    addServices: (grpc, peers) =>
      addCertificateService(grpc, {
        onUnread: (request) => unread.push(request),
        message: { maxBytes: () => 65_536, onHit: () => hit('body') },
        metadata: { maxBytes: () => 32_768, onHit: () => hit('headers') },
        issue: (request) => {
          seen.push(request)
          return answer(request)
        },
        peers,
        nextRequestId: () => 'r1',
        onFailure: () => {},
      }),
  })
})
after(() => listener.close(1))

interface CallOptions {
  readonly client?: Credentials
  readonly metadata?: Record<string, string>
  readonly deadline?: number
  readonly host?: string
}

type Raw = { chain: string[] } | { error: ServiceError }

async function call(message: Buffer, options: CallOptions = {}): Promise<Raw> {
  seen = []
  unread = []
  hits = []
  const Client = makeGenericClientConstructor(
    { call: { ...METHOD, requestSerialize: (bytes: Buffer) => bytes, requestDeserialize: (bytes: Buffer) => bytes } },
    'raw',
  )
  const { client } = options
  const tls = credentials.createSsl(
    Buffer.from(server.roots),
    client ? Buffer.from(client.key) : null,
    client ? Buffer.from(client.cert) : null,
  )
  const connection = new Client(`${options.host ?? 'localhost'}:${port()}`, tls)
  const metadata = new Metadata()
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value)
  const deadline = Date.now() + (options.deadline ?? 10_000)
  try {
    return await new Promise<Raw>((resolve) => {
      connection.call?.(
        message,
        metadata,
        { deadline },
        (error: ServiceError | null, value?: { certChain: string[] }) =>
          resolve(error ? { error } : { chain: value?.certChain ?? [] }),
      )
    })
  } finally {
    connection.close()
  }
}

function request(fields: Partial<IstioCertificateRequest> = {}): Buffer {
  return Buffer.from(
    IstioCertificateRequest.encode({ csr: 'CSR', validityDuration: 0n, metadata: undefined, ...fields }).finish(),
  )
}

function failure(raw: Raw): ServiceError {
  return 'error' in raw ? raw.error : assert.fail('it was answered')
}

function details(error: ServiceError): { info: ErrorInfo; retry: RetryInfo | undefined; status: Status } {
  const bytes = error.metadata.get('grpc-status-details-bin')[0]
  assert.ok(Buffer.isBuffer(bytes), 'there are no status details')
  const decoded = Status.decode(bytes)
  const find = (name: string) =>
    decoded.details.find((one) => one.typeUrl === `type.googleapis.com/google.rpc.${name}`)?.value
  const retry = find('RetryInfo')
  return {
    status: decoded,
    info: ErrorInfo.decode(find('ErrorInfo') ?? assert.fail('there is no ErrorInfo')),
    retry: retry === undefined ? undefined : RetryInfo.decode(retry),
  }
}

describe('CreateCertificate on the wire', () => {
  test('answers leaf, each intermediate, then all roots in the last element', async () => {
    assert.deepEqual(await call(request()), { chain: ['L\n', 'I1\n', 'I2\n', 'R1\nR2\n'] })
  })

  test('hands on the bearer token, the validity, the impersonated identity and the peer', async () => {
    const metadata = { CertSigner: '', ImpersonatedIdentity: 'spiffe://cluster.local/ns/a/sa/b' }
    await call(request({ validityDuration: 600n, metadata }), {
      metadata: { authorization: 'Bearer abc', clusterid: 'Kubernetes' },
    })
    const [got] = seen
    assert.deepEqual(got?.evidence, { bearer: 'abc', impersonate: 'spiffe://cluster.local/ns/a/sa/b' })
    assert.equal(got?.ttlSeconds, 600)
    assert.match(got?.peer ?? '', /^127\.0\.0\.1:\d+$/)
  })

  test('another scheme than Bearer is an invalid proof like any other: a good one beside it counts', async () => {
    await call(request(), { metadata: { authorization: 'Basic abc' } })
    assert.deepEqual(seen[0]?.evidence, { bearer: '' })
    await call(request(), { metadata: { authorization: 'bearer  abc' } })
    assert.deepEqual(seen[0]?.evidence, { bearer: 'abc' })
  })

  test('a client certificate is asked for, not demanded, and handed on without judging it', async () => {
    const client = await testCredentials(authorities, { uri: 'spiffe://cluster.local/ns/a/sa/b' })
    await call(request(), { client })
    assert.deepEqual(seen[0]?.evidence.clientCertificate, client.der)
    const foreign = await testCredentials(await testAuthorities('ec-p256', Date.now(), 'evil.example'))
    await call(request(), { client: foreign })
    assert.deepEqual(seen[0]?.evidence.clientCertificate, foreign.der)
  })

  test('hostile 43: validity 0 is the default, negative INVALID_ARGUMENT, 2^62 is clamped without overflow', async () => {
    await call(request({ validityDuration: 0n }))
    assert.equal(seen[0]?.ttlSeconds, undefined)
    await call(request({ validityDuration: 2n ** 62n }))
    assert.equal(seen[0]?.ttlSeconds, Number.MAX_SAFE_INTEGER)
    const error = failure(await call(request({ validityDuration: -1n })))
    assert.equal(error.code, status.INVALID_ARGUMENT)
    assert.equal(details(error).info.reason, 'ISSUE_TTL_INVALID')
    assert.deepEqual(unread.map(codeOf), ['issue.ttl_invalid'])
  })

  test('an error carries its code, what was wanted and seen, and when to retry', async () => {
    answer = async () => {
      throw new AppError('limit.rate', 'too many', { wanted: 'w', seen: 's', retryAfterSeconds: 3 })
    }
    const error = failure(await call(request()))
    answer = async () => issued
    assert.equal(error.code, status.RESOURCE_EXHAUSTED)
    const { info, retry } = details(error)
    assert.deepEqual(info, { reason: 'LIMIT_RATE', domain: 'alcazar', metadata: { wanted: 'w', seen: 's' } })
    assert.equal(retry?.retryDelay?.seconds, 3n)
  })

  test('a bug leaves as INTERNAL without its text', async () => {
    answer = async () => {
      throw new TypeError('secret inner text')
    }
    const error = failure(await call(request()))
    answer = async () => issued
    assert.equal(error.code, status.INTERNAL)
    assert.doesNotMatch(error.details, /secret/)
  })
})

describe('answers whatever a message holds', () => {
  for (const [name, text] of [
    ['40,000 characters', 'x'.repeat(40_000)],
    ['half a surrogate pair', 'a \ud83d b'],
  ] as const) {
    test(`${name}: the call ends with its code`, async () => {
      answer = async () => {
        throw new AppError('csr.malformed', text, { wanted: text, seen: text })
      }
      const error = failure(await call(request()))
      answer = async () => issued
      assert.equal(error.code, status.INVALID_ARGUMENT)
      assert.equal(details(error).info.reason, 'CSR_MALFORMED')
    })
  }
})

describe('hostile 48', () => {
  const text = (value: string) => Buffer.concat([Buffer.from([0x0a, value.length]), Buffer.from(value)])
  const refused: readonly (readonly [string, Buffer])[] = [
    ['wrong wire type of csr', Buffer.from([0x08, 0x01])],
    ['wrong wire type of validity_duration', Buffer.from([0x1a, 0x01, 0x01])],
    ['wrong wire type of metadata', Buffer.from([0x20, 0x01])],
    ['csr that is not UTF-8', Buffer.from([0x0a, 0x02, 0xc3, 0x28])],
    ['a cut-off message', Buffer.from([0x0a, 0x7f, 0x41])],
    ['a length of 2^35', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f])],
    ['a varint of eleven bytes', Buffer.from([0x18, ...Array<number>(10).fill(0xff), 0x01])],
    ['a group', Buffer.from([0x0b, 0x0c])],
    ['field number 0', Buffer.from([0x00, 0x00])],
    ['ImpersonatedIdentity that is a number', request({ metadata: { ImpersonatedIdentity: 1 } })],
  ]
  for (const [name, message] of refused) {
    test(`${name} is INVALID_ARGUMENT`, async () => {
      const error = failure(await call(message))
      assert.equal(error.code, status.INVALID_ARGUMENT)
      assert.equal(details(error).info.reason, 'REQUEST_MALFORMED')
      assert.equal(seen.length, 0)
      assert.deepEqual(unread.map(codeOf), ['request.malformed'])
      assert.match(unread[0]?.peer ?? '', /^127\.0\.0\.1:\d+$/)
    })
  }

  test('unknown fields are passed over (proto3)', async () => {
    const unknown = Buffer.from([0x78, 0x05, 0x82, 0x01, 0x02, 0x41, 0x42, 0x91, 0x01, 1, 2, 3, 4, 5, 6, 7, 8])
    assert.ok('chain' in (await call(Buffer.concat([unknown, text('CSR')]))))
    assert.equal(seen[0]?.csr, 'CSR')
  })

  test('a message over the limit is RESOURCE_EXHAUSTED, at the limit it is read', async () => {
    const error = failure(await call(request({ csr: 'A'.repeat(65_536) })))
    assert.equal(error.code, status.RESOURCE_EXHAUSTED)
    assert.equal(details(error).info.reason, 'LIMIT_SIZE')
    assert.deepEqual([unread.map(codeOf), hits], [['limit.size'], ['body']])
    const far = failure(await call(request({ csr: 'A'.repeat(4 * 1024 * 1024 + 1) })))
    assert.equal(far.code, status.RESOURCE_EXHAUSTED)
    assert.ok('chain' in (await call(request({ csr: 'A'.repeat(65_536 - 4) }))))
  })

  test('a gzip bomb is RESOURCE_EXHAUSTED and not inflated past the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const frame = Buffer.concat([Buffer.from([1]), uint32(bomb.length), bomb])
    const before = process.memoryUsage().rss
    const trailers = await rawCall({ 'grpc-encoding': 'gzip' }, frame)
    assert.equal(Number(trailers['grpc-status']), status.RESOURCE_EXHAUSTED)
    assert.ok(process.memoryUsage().rss - before < 32 * 1024 * 1024)
    assert.equal(seen.length, 0)
  })

  test('metadata over the limit is RESOURCE_EXHAUSTED, also in many small entries', async () => {
    const long = failure(await call(request(), { metadata: { 'x-long': 'a'.repeat(32_768) } }))
    assert.equal(details(long).info.reason, 'LIMIT_SIZE')
    assert.deepEqual([unread.map(codeOf), hits], [['limit.size'], ['headers']])
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'a'.repeat(300)]))
    assert.equal(failure(await call(request(), { metadata: many })).code, status.RESOURCE_EXHAUSTED)
    assert.ok('chain' in (await call(request(), { metadata: { 'x-long': 'a'.repeat(30_000) } })))
  })

  test('10,000 metadata entries: the stream is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, '1']))
    await assert.rejects(rawCall(many, Buffer.alloc(5)))
    assert.equal(seen.length, 0)
  })

  test('grpc-timeout 1n is DEADLINE_EXCEEDED, and whoever signs can see that nobody waits', async () => {
    let aborted: boolean | undefined
    answer = async (request) => {
      aborted = request.signal?.aborted
      return issued
    }
    const message = request()
    const trailers = await rawCall(
      { 'grpc-timeout': '1n' },
      Buffer.concat([Buffer.from([0]), uint32(message.length), message]),
    )
    answer = async () => issued
    assert.notEqual(aborted, false)
    assert.equal(Number(trailers['grpc-status']), status.DEADLINE_EXCEEDED)
  })
})

describe('hostile 50', () => {
  test('a call whose message does not arrive in time is ended and counted, one that is served longer is not', async () => {
    answer = () => new Promise((resolve) => setTimeout(resolve, 2500, issued))
    const slow = call(request())
    const session = http2.connect(`https://localhost:${port()}`, { ca: server.roots })
    const stream = session.request({ ':method': 'POST', ':path': METHOD.path, 'content-type': 'application/grpc' })
    stream.write(Buffer.from([0, 0, 0, 0, 9, 0x0a])) // the beginning of a message
    await once(stream, 'close')
    assert.equal(stream.rstCode, http2.constants.NGHTTP2_CANCEL)
    assert.deepEqual(hits, ['bodyTimeout'])
    assert.equal(session.destroyed, false)
    session.destroy()
    assert.ok('chain' in (await slow))
    answer = async () => issued
  })
})

describe('transport', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version} with ALPN h2 is spoken`, async () => {
      const socket = tlsConnect({
        ...target(),
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2'],
        servername: 'istiod.istio-system.svc',
      })
      await once(socket, 'secureConnect')
      assert.equal(socket.alpnProtocol, 'h2')
      assert.equal(socket.getProtocol(), version)
      socket.destroy()
    })
  }

  test('TLS 1.1 and a client without ALPN h2 are refused', async () => {
    const old = tlsConnect({ ...target(), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    await assert.rejects(once(old, 'secureConnect'))
    const http1 = tlsConnect({ ...target(), ALPNProtocols: ['http/1.1'] })
    await assert.rejects(once(http1, 'secureConnect'))
  })

  test('pings every few milliseconds do not end the connection', async () => {
    const session = http2.connect(`https://localhost:${port()}`, { ca: server.roots })
    await once(session, 'connect')
    for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => session.ping(() => resolve()))
    assert.equal(session.closed, false)
    session.destroy()
  })

  test('a new serving certificate is shown to new connections while open ones live on', async () => {
    const session = http2.connect(`https://localhost:${port()}`, { ca: server.roots })
    await once(session, 'connect')
    server = await testCredentials(authorities, NAMES)
    onChange?.()
    const fresh = tlsConnect({ ...target(), ALPNProtocols: ['h2'] })
    await once(fresh, 'secureConnect')
    assert.deepEqual(fresh.getPeerX509Certificate()?.raw, server.der)
    fresh.destroy()
    await new Promise<void>((resolve) => session.ping(() => resolve()))
    assert.equal(session.closed, false)
    session.destroy()
  })
})

const codeOf = ({ error }: UnreadRequest) => (error instanceof AppError ? error.code : 'internal')

function port(): number {
  return Number(listener.address.split(':')[1])
}

function target() {
  return { host: '127.0.0.1', port: port(), servername: 'localhost', ca: server.roots }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** One call by hand; resolves with the trailers (or the headers of a trailers-only answer). */
async function rawCall(headers: Record<string, string>, frame: Buffer): Promise<http2.IncomingHttpHeaders> {
  seen = []
  const session = http2.connect(`https://localhost:${port()}`, { ca: server.roots })
  session.on('error', () => {})
  try {
    return await new Promise((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': METHOD.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      })
      stream.on('error', reject)
      stream.on('close', () => reject(new Error(`the stream was reset (${stream.rstCode})`)))
      stream.on('response', (found) => {
        if (found['grpc-status'] !== undefined) resolve(found)
      })
      stream.on('trailers', resolve)
      stream.resume()
      stream.end(frame)
    })
  } finally {
    session.destroy()
  }
}
