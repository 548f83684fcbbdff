import type { IssueCertificate, UnreadRequest } from '../../ca/issue/issuance.ts'
import type { Log } from '../../kernel/log.ts'
import type { DecisionPorts } from '../decision-ports.ts'
import type { ServingTls } from '../serving-tls.ts'
import { certifiedAsker, isKnown } from './asker.ts'
import { AUTHORIZATION, addAuthorizationService } from './authorization-service.ts'
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
  readonly onUnread: (request: UnreadRequest) => void
  readonly limits: () => GrpcLimits & { readonly checkMessage: number | null; readonly headers: number | null }
  readonly onLimitHit: (limit: keyof GrpcLimits | 'headers') => void
  readonly decisions: DecisionPorts
}

const SERVICES = [
  'istio.v1.auth.IstioCertificateService',
  AUTHORIZATION,
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
  const { decisions } = deps
  const metadata = { maxBytes: () => deps.limits().headers, onHit: () => deps.onLimitHit('headers') }
  return openGrpcListener({
    ...address,
    tls,
    limits: deps.limits,
    trusted: { message: () => deps.limits().checkMessage, accepts: (certificate) => isKnown(certificate, decisions) },
    onLimitHit: deps.onLimitHit,
    addServices(server, peers) {
      addCertificateService(server, {
        issue: deps.issue,
        onUnread: deps.onUnread,
        peers,
        nextRequestId: deps.nextRequestId,
        message: { maxBytes: () => deps.limits().body, onHit: () => deps.onLimitHit('body') },
        metadata,
        onFailure(path, told, thrown) {
          if (told.kind === 'internal') deps.log.error('grpc.failed', { path, error: thrown })
        },
      })
      const maxBytes = () => deps.limits().checkMessage
      addAuthorizationService(server, { ...decisions, maxBytes, askerOf: certifiedAsker(peers, decisions.identify) })
      addHealthService(server, { serving: (service) => isServing(service, deps), metadata })
      addReflectionService(server, { services: SERVICES, metadata })
    },
  })
}

/** Decisions are served from memory: they need the stored resources, and nothing that issuing needs. */
function isServing(service: string, { ready, decisions }: GrpcDeps): boolean | undefined {
  if (service === AUTHORIZATION) return decisions.ready()
  return service === '' || SERVICES.includes(service) ? ready().ok : undefined
}
