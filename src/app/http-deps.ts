import type { HttpBase, HttpDeps, MonitoringDeps, Status } from '../api/http/deps.ts'
import type { Evidence, Role } from '../identity/evidence.ts'
import { AppError } from '../kernel/errors.ts'
import type { Core } from './core.ts'
import { resourceStatusOf } from './resources.ts'
import { servingNames } from './serving-names.ts'
import { refuseElevation } from './token-elevation.ts'

/** Where a listener listens: `host:port`, or the path of the socket. */
export interface NamedAddress {
  readonly name: 'grpc' | 'https' | 'monitoring' | 'decisions' | 'admin'
  readonly address: string
}

/** What the REST API asks of the service. */
export function toHttpDeps(core: Core, listeners: () => readonly NamedAddress[]): HttpDeps {
  return {
    ...toBase(core),
    version: core.version,
    issue: core.issue,
    onUnread: core.onUnread,
    bundle: core.authorities,
    issuance: core.store,
    tokens: toTokens(core),
    resources: core.mesh.resources,
    decisions: core.decisions.ports,
    inspection: core.decisions.inspection,
    revokeCertificate: (serial, reason, actor) => revokeCertificate(core, { serial, reason, actor }),
    authorize: (evidence, minimum) => authorize(core, evidence, minimum),
    status: async () => statusOf(core, listeners()),
  }
}

/** An operator must not make itself an administrator by a join token. */
function toTokens({ joinTokens, live }: Core): HttpDeps['tokens'] {
  return {
    list: (page) => joinTokens.list(page),
    revoke: (id, actor) => joinTokens.revoke(id, actor),
    async create(request, actor) {
      const { admins } = live.current
      refuseElevation({ identity: request.identity, actor }, { admins, own: servingNames(live.current).uri })
      return joinTokens.create(request, actor)
    },
  }
}

/** What the monitoring listener shows. */
export function toMonitoringDeps(core: Core): MonitoringDeps {
  return {
    ...toBase(core),
    live: () => true, // it answers, so the event loop runs
    ready: () => core.readiness(),
    metrics: () => core.metrics.render(),
  }
}

/** What every HTTP listener needs. */
export function toBase(core: Core): HttpBase {
  return {
    limits: () => core.live.current.limits,
    nextRequestId: core.nextRequestId,
    observer: {
      request: (route, status, seconds) => core.metrics.httpRequest(route, status, seconds),
      limitHit: (limit) => core.metrics.limitHit(limit),
    },
    log: core.log,
    clock: core.clock,
  }
}

async function authorize(core: Core, evidence: Evidence, minimum: Role): Promise<{ readonly actor: string }> {
  const caller = await core.attestation.attest(evidence)
  core.attestation.requireRole(caller, minimum)
  return { actor: caller.attestor === 'admin' ? caller.subject : caller.identity.uri }
}

async function revokeCertificate(
  core: Core,
  denied: { readonly serial: string; readonly reason: string; readonly actor: string },
): Promise<void> {
  const { items } = await core.store.listIssued({ serial: denied.serial, limit: 1 })
  if (items.length === 0) throw new AppError('resource.not_found', 'no certificate with this serial was issued here')
  const { reason, actor } = denied
  await core.denyList.add({ kind: 'serial', value: denied.serial, reason, actor, at: core.clock.now() })
}

function statusOf(core: Core, listeners: readonly NamedAddress[]): Status {
  const { ok, problems } = core.readiness()
  const bundle = core.authorities.current()
  return {
    version: core.version,
    trustDomain: core.live.current.trustDomain,
    startedAt: core.startedAt,
    ready: ok,
    problems,
    authorities: core.authorities.list(),
    bundle: { sequence: bundle.sequence, roots: bundle.roots.length },
    listeners,
    record: { depth: core.store.depth, ok: core.store.healthy().ok },
    servingCertificate: { notAfter: core.serving.notAfter },
    resources: resourceStatusOf(core.mesh),
  }
}
