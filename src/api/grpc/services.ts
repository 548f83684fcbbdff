import type { IssueCertificate } from '../../ca/issuance.ts'
import type { Log } from '../../kernel/log.ts'
import type { ServingTls } from '../serving-tls.ts'
import { addCertificateService } from './certificate-service.ts'
import { addHealthService } from './health-service.ts'
import { type GrpcLimits, type GrpcListener, openGrpcListener } from './listen.ts'
import { addReflectionService } from './reflection-service.ts'

/** What the gRPC services ask of the rest of the service. */
export interface GrpcDeps {
  readonly issue: IssueCertificate
  readonly ready: () => { readonly ok: boolean }
  readonly nextRequestId: () => string
  readonly log: Log
  readonly limits: () => GrpcLimits
  readonly onLimitHit: (limit: 'body' | 'bodyTimeout') => void
}

const SERVICES = [
  'istio.v1.auth.IstioCertificateService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]

/** Opens the gRPC listener with every service on it. */
export function openGrpc(
  address: { readonly host: string; readonly port: number },
  tls: ServingTls,
  deps: GrpcDeps,
): Promise<GrpcListener> {
  return openGrpcListener({
    ...address,
    tls,
    limits: deps.limits,
    onStalled: () => deps.onLimitHit('bodyTimeout'),
    addServices(server, peers) {
      addCertificateService(server, {
        maxBytes: () => deps.limits().body,
        issue: deps.issue,
        peers,
        nextRequestId: deps.nextRequestId,
        onFailure(path, told, thrown) {
          if (told.code === 'limit.size') deps.onLimitHit('body')
          if (told.kind === 'internal') deps.log.error('grpc.failed', { path, error: thrown })
        },
      })
      addHealthService(server, {
        serving: (service) => (service === '' || SERVICES.includes(service) ? deps.ready().ok : undefined),
      })
      addReflectionService(server, SERVICES)
    },
  })
}
