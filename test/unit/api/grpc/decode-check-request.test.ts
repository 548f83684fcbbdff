import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeCheckRequest } from '../../../../src/api/grpc/decode-check-request.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { checkHttp, checkPeer, checkRequest, headerMap, socketAddress } from '../../../support/check.ts'

const malformed = (error: unknown) => error instanceof AppError && error.code === 'request.malformed'

describe('CheckRequest', () => {
  test('is read as it was sent', () => {
    const { source, destination, http, tls, workload } = decodeCheckRequest(
      checkRequest({ contextExtensions: { other: 'x', workload: 'default/web' } }),
    )
    assert.deepEqual(source?.principal, 'spiffe://cluster.local/ns/default/sa/client')
    assert.deepEqual([source?.address, source?.port], ['10.0.0.9', 40_000])
    assert.deepEqual([destination?.address, destination?.port], ['10.0.0.1', 8080])
    assert.deepEqual([http?.method, http?.target, http?.host], ['GET', '/a?b=c', 'web'])
    assert.deepEqual(tls, { sni: 'web.example' })
    assert.equal(workload, 'default/web')
  })

  test('hostile 100: `request` or `http` absent is TCP', () => {
    assert.equal(decodeCheckRequest(checkRequest({ request: undefined })).http, null)
    assert.equal(decodeCheckRequest(checkRequest({ request: { http: undefined } })).http, null)
  })

  test('hostile 100: one end of the connection is enough', () => {
    assert.equal(decodeCheckRequest(checkRequest({ source: undefined })).source, null)
    assert.equal(decodeCheckRequest(checkRequest({ destination: undefined })).destination, null)
  })

  const pipe = { address: { $case: 'pipe', value: { path: '/tmp/x' } } } as const
  test('a Unix socket has no address and no port', () => {
    const { source } = decodeCheckRequest(checkRequest({ source: checkPeer({ address: pipe }) }))
    assert.deepEqual([source?.address, source?.port], ['', 0])
  })

  test('a host is absent unless it or `:authority` was sent', () => {
    const hostOf = (fields: Parameters<typeof checkHttp>[0]) =>
      decodeCheckRequest(checkRequest({ request: { http: checkHttp({ host: '', ...fields }) } })).http?.host
    assert.equal(hostOf({}), null)
    assert.equal(hostOf({ headers: { ':authority': '' } }), '')
    assert.equal(hostOf({ headerMap: headerMap([[':authority', '']]) }), '')
  })
})

describe('headers', () => {
  const headersOf = (fields: Parameters<typeof checkHttp>[0]) => {
    const { http } = decodeCheckRequest(checkRequest({ request: { http: checkHttp(fields) } }))
    return http?.headers ?? assert.fail('no HTTP')
  }

  test('hostile 88: of `header_map` every value stands by itself, of `headers` repeats are joined', () => {
    const raw = headersOf({ headerMap: headerMap([...pair('x-a', '1'), ...pair('X-A', '2'), ...pair('x-b', '')]) })
    assert.deepEqual([raw.joined, raw.values('x-a'), raw.values('x-b'), raw.values('x')], [false, ['1', '2'], [''], []])
    const joined = headersOf({ headers: { 'x-a': '1,2' } })
    assert.deepEqual([joined.joined, joined.values('x-a')], [true, ['1,2']])
  })

  test('a value may come raw, and counts before the other', () => {
    const headers = [{ key: 'x', value: 'text', rawValue: Buffer.from('räw') }]
    assert.deepEqual(headersOf({ headerMap: { headers } }).values('x'), ['räw'])
    assert.deepEqual(headersOf({ headerMap: headerMap([['x', Buffer.from('raw')]]) }).values('x'), ['raw'])
  })

  test('pseudo-headers are no headers', () => {
    const headers = headersOf({ headerMap: headerMap([...pair(':path', '/admin'), ...pair('x-a', '1')]) })
    assert.deepEqual(headers.values(':path'), [])
    assert.deepEqual([...headers.entries()], [['x-a', '1']])
  })

  test('hostile 100: 4,096 of them are read, more are refused', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => [`x-${i}`, 'v'] as const)
    assert.deepEqual(headersOf({ headerMap: headerMap(many(4096)) }).values('x-4095'), ['v'])
    assert.throws(() => headersOf({ headerMap: headerMap(many(10_000)) }), malformed)
  })

  test('hostile 100: a path of 1 MB is read', () => {
    const path = `/${'a'.repeat(1_000_000)}`
    const { http } = decodeCheckRequest(checkRequest({ request: { http: checkHttp({ path }) } }))
    assert.equal(http?.target.length, 1_000_001)
  })
})

describe('what is no CheckRequest is refused', () => {
  const latin1 = Buffer.from([0xe9])
  const overlong = Buffer.from([0xc0, 0xaf])
  const port = checkPeer({ address: socketAddress('10.0.0.1', 65_536) })
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0x22, bytes.length + 2, 0x12, bytes.length]), bytes])
  const cases: readonly (readonly [string, Buffer])[] = [
    ['hostile 100: nothing', Buffer.alloc(0)],
    ['hostile 100: no attributes', Buffer.from([0x12, 0x00])],
    ['hostile 100: neither source nor destination', checkRequest({ source: undefined, destination: undefined })],
    ['it is cut off', checkRequest().subarray(0, -3)],
    ['an end group', Buffer.from([0x0c])],
    ['field 0', Buffer.from([0x00])],
    ['attributes as a number', Buffer.from([0x08, 0x01])],
    ['a length beyond the end', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a varint without end', Buffer.alloc(32, 0xff)],
    ['a port beyond 65535', checkRequest({ destination: port })],
    ['hostile 85: a raw value that is not UTF-8', withRaw(latin1)],
    ['hostile 85: overlong UTF-8', withRaw(overlong)],
    ['hostile 85: a long value that is not UTF-8', withRaw(Buffer.concat([Buffer.alloc(100, 0x61), latin1]))],
    ['hostile 85: a principal that is not UTF-8', wrap(0x0a, text(latin1))],
  ]
  for (const [title, bytes] of cases) test(title, () => assert.throws(() => decodeCheckRequest(bytes), malformed))
})

test('a repeated submessage adds to the one before, and unknown fields are passed over', () => {
  const bytes = Buffer.concat([
    checkRequest({ destination: undefined, request: undefined }),
    checkRequest({ source: undefined }),
    Buffer.from([0x7a, 0x01, 0x00]),
  ])
  const { source, destination, http } = decodeCheckRequest(bytes)
  assert.deepEqual([source?.address, destination?.address, http?.method], ['10.0.0.9', '10.0.0.1', 'GET'])
})

function pair(name: string, value: string): readonly (readonly [string, string])[] {
  return [[name, value]]
}

function withRaw(value: Buffer): Buffer {
  return checkRequest({ request: { http: checkHttp({ headerMap: headerMap([['x', value]]) }) } })
}

/** A message as a field of attributes. */
function wrap(tag: number, contents: Buffer): Buffer {
  const inner = Buffer.concat([Buffer.from([tag, contents.length]), contents])
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner])
}
