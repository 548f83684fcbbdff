import type { Server, ServiceDefinition } from '@grpc/grpc-js'
import type { IssueCertificate, Issued, IssueRequest, IssuerChain } from '../../ca/issuance.ts'
import type { Evidence } from '../../identity/evidence.ts'
import { AppError } from '../../kernel/errors.ts'
import { bearerOf } from '../bearer.ts'
import { type CertificateRequest, decodeCertificateRequest } from './decode-certificate-request.ts'
import { IstioCertificateServiceService } from './generated/istio/v1/auth/ca.ts'
import type { PeerCertificates } from './listen.ts'
import { type CallContext, decodedBy, type OnFailure, unary } from './unary.ts'

export interface CertificateServiceDeps {
  /** Bytes of a request; null: any. */
  readonly maxBytes: () => number | null
  readonly issue: IssueCertificate
  readonly peers: PeerCertificates
  readonly nextRequestId: () => string
  readonly onFailure: OnFailure
}

/** `istio.v1.auth.IstioCertificateService`, as Istio's agents and ztunnel call it. */
export function addCertificateService(server: Server, deps: CertificateServiceDeps): void {
  const service = {
    CreateCertificate: {
      ...IstioCertificateServiceService.createCertificate,
      requestDeserialize: decodedBy((bytes) => decodeCertificateRequest(refuseTooLarge(bytes, deps.maxBytes()))),
      responseSerialize: encodeIssued,
    },
  } satisfies ServiceDefinition
  server.addService(service, {
    CreateCertificate: unary<CertificateRequest, Issued>(
      (request, call) => deps.issue(toIssueRequest(request, call, deps)),
      deps.onFailure,
    ),
  })
}

function refuseTooLarge(bytes: Buffer, maxBytes: number | null): Buffer {
  if (maxBytes === null || bytes.length <= maxBytes) return bytes
  const detail = { wanted: `at most ${maxBytes} bytes`, seen: `${bytes.length} bytes` }
  throw new AppError('limit.size', `the request is longer than ${maxBytes} bytes`, detail)
}

function toIssueRequest(request: CertificateRequest, call: CallContext, deps: CertificateServiceDeps): IssueRequest {
  const { peer } = call
  return {
    evidence: toEvidence(request, call, deps.peers.of(peer)),
    csr: request.csr,
    ...ttlOf(request.validityDuration),
    peer,
    requestId: deps.nextRequestId(),
    signal: call,
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
