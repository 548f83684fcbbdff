import type { Server, ServiceDefinition } from '@grpc/grpc-js'
import type { IssueCertificate, Issued, IssueRequest, IssuerChain, UnreadRequest } from '../../ca/issue/issuance.ts'
import type { Evidence } from '../../identity/evidence.ts'
import { AppError } from '../../kernel/errors.ts'
import { bearerOf } from '../bearer.ts'
import { type CertificateRequest, decodeCertificateRequest } from './decode-certificate-request.ts'
import { IstioCertificateServiceService } from './generated/istio/v1/auth/ca.ts'
import type { PeerCertificates } from './listen.ts'
import { refuseOver, type SizeLimit } from './size-limit.ts'
import { type CallContext, type Decoded, type OnFailure, unary } from './unary.ts'

export interface CertificateServiceDeps {
  readonly issue: IssueCertificate
  /** Called for each request that is refused before it comes to `issue`. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly message: SizeLimit
  readonly metadata: SizeLimit
  readonly peers: PeerCertificates
  readonly nextRequestId: () => string
  readonly onFailure: OnFailure
}

/** `istio.v1.auth.IstioCertificateService`, as Istio's agents and ztunnel call it. */
export function addCertificateService(server: Server, deps: CertificateServiceDeps): void {
  const service = {
    CreateCertificate: {
      ...IstioCertificateServiceService.createCertificate,
      requestDeserialize: (request: Buffer): Decoded<Buffer> => ({ request }), // read where refusals are told of
      responseSerialize: encodeIssued,
    },
  } satisfies ServiceDefinition
  server.addService(service, {
    CreateCertificate: unary<Buffer, Issued>(
      async (bytes, call) => deps.issue(read(bytes, call, deps)),
      deps.onFailure,
    ),
  })
}

function read(bytes: Buffer, call: CallContext, deps: CertificateServiceDeps): IssueRequest {
  const { peer } = call
  const requestId = deps.nextRequestId()
  try {
    refuseOver(deps.metadata, call.metadataSize(), 'the metadata is')
    refuseOver(deps.message, bytes.length, 'the request is')
    const request = decodeCertificateRequest(bytes)
    const evidence = toEvidence(request, call, deps.peers.of(peer))
    return { evidence, csr: request.csr, ...ttlOf(request.validityDuration), peer, requestId, signal: call }
  } catch (error) {
    deps.onUnread({ requestId, peer, error })
    throw error
  }
}

function toEvidence(request: CertificateRequest, call: CallContext, clientCertificate: Buffer | undefined): Evidence {
  const authorization = call.metadata('authorization')
  const { impersonatedIdentity } = request
  return {
    ...(authorization === undefined ? {} : { bearer: bearerOf(authorization) }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(impersonatedIdentity === '' ? {} : { impersonate: impersonatedIdentity }),
  }
}

/** 0 asks for the default (proto3 cannot tell it from absent). */
function ttlOf(seconds: number): { readonly ttlSeconds?: number } {
  if (seconds === 0) return {}
  if (seconds < 0)
    throw new AppError('issue.ttl_invalid', '`validity_duration` is negative: give seconds, or 0 for the default')
  return { ttlSeconds: Math.min(seconds, Number.MAX_SAFE_INTEGER) }
}

const tails = new WeakMap<IssuerChain, Buffer>()

/** An `IstioCertificateResponse`: leaf, each intermediate once, then one element with all roots. */
function encodeIssued(issued: Issued): Buffer {
  let tail = tails.get(issued.issuer)
  if (tail === undefined) {
    const { intermediates, roots } = issued.issuer
    tail = Buffer.concat([...intermediates, roots.join('')].map(element))
    tails.set(issued.issuer, tail)
  }
  return Buffer.concat([element(issued.leaf), tail])
}

/** Field 1, length-delimited: one PEM string. */
function element(pem: string): Buffer {
  const header = [0x0a]
  let rest = pem.length
  for (; rest > 0x7f; rest >>>= 7) header.push((rest & 0x7f) | 0x80)
  header.push(rest)
  const out = Buffer.allocUnsafe(header.length + pem.length)
  out.set(header)
  out.write(pem, header.length, 'latin1')
  return out
}
