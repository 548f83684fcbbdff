import type { Address } from '../../src/api/grpc/generated/envoy/config/core/v3/address.ts'
import type {
  AttributeContext,
  AttributeContext_HttpRequest,
  AttributeContext_Peer,
} from '../../src/api/grpc/generated/envoy/service/auth/v3/attribute_context.ts'
import { CheckRequest, CheckResponse } from '../../src/api/grpc/generated/envoy/service/auth/v3/external_auth.ts'

export const WEB = 'spiffe://cluster.local/ns/default/sa/web'
export const CLIENT_ID = 'spiffe://cluster.local/ns/default/sa/client'

export function socketAddress(address: string, port: number): Address {
  const portSpecifier = { $case: 'portValue', value: port } as const
  return { address: { $case: 'socketAddress', value: { address, portSpecifier } } }
}

export function checkPeer(fields: Partial<AttributeContext_Peer> = {}): AttributeContext_Peer {
  return { address: socketAddress('10.0.0.9', 40_000), service: '', principal: '', certificate: '', ...fields }
}

export function checkHttp(fields: Partial<AttributeContext_HttpRequest> = {}): AttributeContext_HttpRequest {
  return { method: 'GET', headers: {}, path: '/a?b=c', host: 'web', scheme: 'http', headerMap: undefined, ...fields }
}

/** `header_map` as Envoy fills it. */
export function headerMap(fields: readonly (readonly [string, string | Buffer])[]) {
  const empty = Buffer.alloc(0)
  return {
    headers: fields.map(([key, value]) =>
      typeof value === 'string' ? { key, value, rawValue: empty } : { key, value: '', rawValue: value },
    ),
  }
}

/** A request of `client` to `web:8080` over mTLS, unless told otherwise. */
export function checkRequest(fields: Partial<AttributeContext> = {}): Buffer {
  const attributes: AttributeContext = {
    source: checkPeer({ principal: CLIENT_ID }),
    destination: checkPeer({ address: socketAddress('10.0.0.1', 8080) }),
    request: { http: checkHttp() },
    contextExtensions: {},
    tlsSession: { sni: 'web.example' },
    ...fields,
  }
  return Buffer.from(CheckRequest.encode({ attributes }).finish())
}

/** What a proxy makes of an answer: the fields that the tests compare. */
export function readCheckResponse(bytes: Buffer) {
  const { status, httpResponse, dynamicMetadata } = CheckResponse.decode(bytes)
  const code = status?.code ?? 0
  if (httpResponse?.$case === 'deniedResponse') {
    const { status: http, headers, body } = httpResponse.value
    return { code, http: http?.code, headers: toPairs(headers), body, metadata: dynamicMetadata }
  }
  const ok = httpResponse?.value
  return {
    code,
    headers: toPairs(ok?.headers ?? []),
    remove: ok?.headersToRemove ?? [],
    removeParams: ok?.queryParametersToRemove ?? [],
    metadata: dynamicMetadata,
  }
}

function toPairs(options: readonly { header?: { key: string; value: string } | undefined; appendAction: number }[]) {
  return options.map(({ header, appendAction }) => [header?.key, header?.value, appendAction] as const)
}
