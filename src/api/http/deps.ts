import type { AuthorityKind, AuthorityState } from '../../ca/authority.ts'
import type { BundleSource } from '../../ca/bundle.ts'
import type { IssueCertificate, UnreadRequest } from '../../ca/issuance.ts'
import type { IssuanceQuery } from '../../ca/record.ts'
import type { Decider } from '../../decide/open-decider.ts'
import type { WhatIf } from '../../decide/what-if.ts'
import type { NamedWorkload } from '../../decide/workload-name.ts'
import type { Evidence, Role } from '../../identity/evidence.ts'
import type { JoinTokens } from '../../identity/join-token.ts'
import type { Clock, UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { MeshResources } from '../../mesh/mesh-resources.ts'
import type { MeshSettings } from '../../mesh/mesh-settings.ts'
import type { WatchState } from '../../mesh/watch-directory.ts'
import type { Workload } from '../../mesh/workload.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { DecisionPorts } from '../decision-ports.ts'

/** Bounds of the transport, read at each use because they may be reloaded; null lifts one. Bytes and seconds. */
export interface HttpLimits {
  readonly body: number | null
  /** Of `POST /v1/decisions`. */
  readonly decisionBody: number | null
  /** Of `POST /v1/resources`. */
  readonly resourcesBody: number | null
  /** Open at once on one listener. */
  readonly connections: number | null
  readonly headers: number | null
  readonly headerTimeout: number | null
  readonly bodyTimeout: number | null
}

/** What the listeners tell of themselves; the composition root turns it into metrics. */
export interface HttpObserver {
  /** A request was answered; `route` is the pattern (`/v1/issued/:serial`), or `none` when nothing matched. */
  request(route: string, status: number, seconds: number): void
  /** One of `HttpLimits` was hit, by its name. */
  limitHit(limit: keyof HttpLimits): void
}

/** What every listener needs, whatever it serves. */
export interface HttpBase {
  readonly limits: () => HttpLimits
  readonly nextRequestId: () => string
  readonly observer: HttpObserver
  readonly log: Log
  readonly clock: Clock
}

/** What the REST API asks of the rest of the service. */
export interface HttpDeps extends HttpBase {
  readonly version: string
  readonly issue: IssueCertificate
  /** Called for each request for a certificate that is refused before it comes to `issue`. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly bundle: BundleSource
  readonly issuance: IssuanceQuery
  readonly tokens: Pick<JoinTokens, 'create' | 'list' | 'revoke'>
  readonly resources: Pick<MeshResources, 'loaded' | 'apply' | 'delete'>
  readonly decisions: DecisionPorts
  readonly inspection: DecisionInspection
  /** Throws `resource.not_found` for a serial that was never issued. */
  readonly revokeCertificate: (serial: string, reason: string, actor: string) => Promise<void>
  readonly status: () => Promise<Status>
  /** Who asks, when that one has at least the role; otherwise throws `auth.*`. */
  readonly authorize: (evidence: Evidence, minimum: Role) => Promise<{ readonly actor: string }>
}

/** Decisions for those who look at them: nothing of it is counted or logged as a decision. */
export interface DecisionInspection {
  /** Who asks; throws `auth.*` for one who is neither a viewer nor a proxy with a client certificate. */
  readonly inquirer: (evidence: Evidence) => Promise<Inquirer>
  readonly examine: Decider['examine']
  readonly whatIf: WhatIf
  /** The stored workload of this name; throws `resource.not_found` and `decision.not_ready`. */
  readonly workloadOf: (named: NamedWorkload) => Workload
  readonly mesh: () => MeshSettings
}

export interface Inquirer {
  readonly identity: string
  /** Whether it may see any workload, and try what is not stored. */
  readonly isViewer: boolean
}

/** What the monitoring listener serves. */
export interface MonitoringDeps extends HttpBase {
  readonly live: () => boolean
  readonly ready: () => Readiness
  /** The metrics in the text format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>
}

export interface Readiness {
  readonly ok: boolean
  /** What is wrong, one line each; also what does not make it `ok: false` yet. */
  readonly problems: readonly string[]
}

/** An authority as people see it; what nobody counts or plans yet is left out. */
export interface AuthorityView {
  readonly id: string
  readonly kind: AuthorityKind
  readonly state: AuthorityState
  readonly keyType: KeyType
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly issuer: string
  /** Certificates below it that have not expired. */
  readonly liveLeaves?: number
  readonly nextStep?: NextStepView | null
}

export interface NextStepView {
  readonly do: string
  readonly at: UnixSeconds
  readonly waitingFor?: string
}

/** The stored resources: what decisions are taken by. */
export interface ResourceStatus {
  /** False: every decision is refused. */
  readonly isLoaded: boolean
  readonly version: number | null
  readonly count: number
  readonly watched: readonly WatchState[]
}

export interface Status {
  readonly version: string
  readonly trustDomain: string
  readonly startedAt: UnixMillis
  readonly ready: boolean
  readonly problems: readonly string[]
  readonly authorities: readonly AuthorityView[]
  readonly bundle: { readonly sequence: number; readonly roots: number }
  readonly listeners: readonly { readonly name: string; readonly address: string }[]
  /** Rows that wait to become durable, and whether the last group could be written. */
  readonly record: { readonly depth: number; readonly ok: boolean }
  readonly servingCertificate: { readonly notAfter: UnixSeconds }
  readonly resources: ResourceStatus
}
