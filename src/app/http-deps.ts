import type { HttpBase, HttpDeps, MonitoringDeps, Status } from '../api/http/deps.ts'
import type { Evidence, Role } from '../identity/evidence.ts'
import { toAudit } from './audit.ts'
import { toAuthorityPorts, toReportBundle } from './authority-ports.ts'
import type { Core } from './core.ts'
import { resourceStatusOf } from './resources.ts'
import { servingNames } from './serving-names.ts'
import { refuseElevation } from './token-elevation.ts'

/** Where a listener listens: `host:port`, or the path of the socket. */
export interface NamedAddress {
  readonly name: 'grpc' | 'https' | 'monitoring' | 'decisions' | 'bundle' | 'admin'
  readonly address: string
}

/** What the REST API asks of the service. */
export function toHttpDeps(core: Core, listeners: () => readonly NamedAddress[]): HttpDeps {
  return {
    ...toBase(core),
    version: core.version,
    trustDomain: core.live.current.trustDomain,
    issue: core.issue,
    onUnread: core.onUnread,
    jwts: core.jwts,
    bundle: core.authorities,
    reportBundle: toReportBundle(core),
    authorities: toAuthorityPorts(core),
    crls: core.crls.publisher,
    deny: core.crls.deny,
    federation: core.federation,
    importer: core.imports.importer,
    signIntermediate: core.imports.signIntermediate,
    intermediateKeyType: core.live.current.authority.intermediate.keyType,
    issuance: core.store,
    audit: toAudit(core),
    tokens: toTokens(core),
    resources: core.mesh.resources,
    decisions: core.decisions.ports,
    inspection: core.decisions.inspection,
    async revokeCertificate(serial, reason, actor) {
      await core.crls.deny.add({ kind: 'serial', value: serial, reason, actor })
    },
    authorize: (evidence, minimum) => authorize(core, evidence, minimum),
    backup: core.backup,
    restoration: core.restoration,
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
  const caller = await core.attestation.attestViewer(evidence) // its role says what it may do beyond looking
  core.attestation.requireRole(caller, minimum)
  return { actor: caller.attestor === 'admin' ? caller.subject : caller.identity.uri }
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
    token: core.keys.token,
    record: { depth: core.store.depth, ok: core.store.healthy().ok, restored: core.restoration },
    servingCertificate: { notAfter: core.serving.notAfter },
    authorityImport: core.imports.status(),
    resources: resourceStatusOf(core.mesh),
    federation: core.federation.list(),
  }
}
