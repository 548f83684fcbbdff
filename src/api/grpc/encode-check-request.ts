import type { HttpRequest, Question } from '../../policy/request.ts'
import type { Address } from './generated/envoy/config/core/v3/address.ts'
import type { HeaderMap } from './generated/envoy/config/core/v3/base.ts'
import type {
  AttributeContext,
  AttributeContext_HttpRequest,
} from './generated/envoy/service/auth/v3/attribute_context.ts'
import { CheckRequest } from './generated/envoy/service/auth/v3/external_auth.ts'

/**
 * The `CheckRequest` that Envoy would send for a question: `headers` with repeated fields joined, as under istiod, and
 * beside it `header_map` where the fields are known one by one.
 */
export function encodeCheckRequest(question: Question): Buffer {
  return Buffer.from(CheckRequest.encode({ attributes: toAttributes(question) }).finish())
}

function toAttributes({ peer, port, sourceIp, destinationIp, http }: Question): AttributeContext {
  const end = { service: '', certificate: '', principal: '' }
  return {
    source: { ...end, address: toAddress(sourceIp), principal: peer?.uriSans[0] ?? '' },
    destination: { ...end, address: toAddress(destinationIp ?? '', port) },
    request: http === null ? undefined : { http: toHttp(http, peer === null ? 'http' : 'https') },
    contextExtensions: {},
    tlsSession: peer === null ? undefined : { sni: peer.sni ?? '' },
  }
}

function toAddress(address: string, port?: number): Address {
  const portSpecifier = port === undefined ? undefined : { $case: 'portValue' as const, value: port }
  return { address: { $case: 'socketAddress', value: { address, portSpecifier } } }
}

function toHttp({ method, target, host, headers }: HttpRequest, scheme: string): AttributeContext_HttpRequest {
  const joined = new Map([
    [':method', method],
    [':path', target],
    [':authority', host ?? ''],
    [':scheme', scheme],
  ])
  for (const [written, value] of headers.entries()) {
    const name = written.toLowerCase()
    const before = joined.get(name)
    joined.set(name, before === undefined ? value : `${before},${value}`)
  }
  return {
    method,
    path: target,
    host: host ?? '',
    scheme,
    headers: Object.fromEntries(joined),
    headerMap: headers.joined ? undefined : toHeaderMap(headers.entries()),
  }
}

function toHeaderMap(fields: Iterable<readonly [string, string]>): HeaderMap {
  const headers = Array.from(fields, ([name, value]) => ({
    key: name.toLowerCase(),
    value: '',
    rawValue: Buffer.from(value),
  }))
  return { headers }
}
