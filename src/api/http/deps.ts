import type { Readable } from 'node:stream'
import type { AuthorityKind, AuthorityState } from '../../ca/authority.ts'
import type { BundleSource } from '../../ca/bundle.ts'
import type { CrlPublisher } from '../../ca/crl/crl-publisher.ts'
import type { Deny } from '../../ca/deny/deny.ts'
import type { Federation } from '../../ca/federation/federation.ts'
import type { FederationStatus } from '../../ca/federation/member.ts'
import type { Importer } from '../../ca/import/importer.ts'
import type { SignedIntermediate, SignIntermediateRequest } from '../../ca/import/sign-intermediate.ts'
import type { ImportStatus } from '../../ca/import/watch-import.ts'
import type { IssueCertificate, UnreadRequest } from '../../ca/issue/issuance.ts'
import type { IssueJwt } from '../../ca/jwt/jwt-issuance.ts'
import type { JwtKeys } from '../../ca/jwt/jwt-keys.ts'
import type { IssuanceQuery } from '../../ca/record.ts'
import type { Restoration } from '../../ca/restoration.ts'
import type { Outlook } from '../../ca/rotation/outlook.ts'
import type { Rotator } from '../../ca/rotation/rotator.ts'
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
import type { AuditPort } from './audit.ts'

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
  readonly trustDomain: string
  readonly issue: IssueCertificate
  /** Called for each request for a certificate that is refused before it comes to `issue`. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly jwts: JwtPorts
  readonly bundle: WatchedBundle
  /** The holder of this certificate (DER) says which bundle it uses; nothing happens for one that is not ours. */
  readonly reportBundle: (certificate: Buffer, sequence: number) => void
  readonly authorities: AuthorityPorts
  readonly crls: Pick<CrlPublisher, 'current'>
  readonly deny: Pick<Deny, 'add' | 'list' | 'remove'>
  readonly federation: Pick<Federation, 'list' | 'add' | 'refresh' | 'remove' | 'bundleOf' | 'onChange'>
  readonly importer: Importer
  readonly signIntermediate: (request: SignIntermediateRequest) => Promise<SignedIntermediate>
  /** Of a new intermediate, where nothing else is asked for. */
  readonly intermediateKeyType: KeyType
  readonly issuance: IssuanceQuery
  readonly audit: AuditPort
  readonly tokens: Pick<JoinTokens, 'create' | 'list' | 'revoke'>
  readonly resources: Pick<MeshResources, 'loaded' | 'apply' | 'delete'>
  readonly decisions: DecisionPorts
  readonly inspection: DecisionInspection
  /** Throws `resource.not_found` for a serial that was never issued. */
  readonly revokeCertificate: (serial: string, reason: string, actor: string) => Promise<void>
  /** Starts a backup; the stream is encrypted, and ends with an error when what arrived is none. `backup.running`. */
  readonly backup: (request: { readonly passphrase: string; readonly actor: string }) => Promise<Readable>
  /** The restoration that the record came from, or null. */
  readonly restoration: Restoration | null
  readonly status: () => Promise<Status>
  /** Who asks, when that one has at least the role; otherwise throws `auth.*`. */
  readonly authorize: (evidence: Evidence, minimum: Role) => Promise<{ readonly actor: string }>
}

/** The published bundle, for those who wait for the next one. */
export interface WatchedBundle extends BundleSource {
  /** Told after each change of the authorities, whether it changed the bundle or not. */
  onChange(listener: () => void): () => void
}

/** Authorities and their rotation. */
export interface AuthorityPorts {
  /** What there is now; live certificates as counted within the last second. */
  readonly outlook: () => Promise<Outlook>
  readonly rotator: Pick<Rotator, 'prepare' | 'activate' | 'taint' | 'revoke' | 'retire' | 'abort' | 'rotate' | 'force'>
}

/** JWT-SVIDs, and the keys that they are verified with. */
export interface JwtPorts {
  readonly issue: IssueJwt
  /** Called for each request for a JWT that is refused before it comes to `issue`. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly keys: Pick<JwtKeys, 'published'>
  /** The `iss` of tokens, the https URL of this service; null: there is no OIDC discovery. */
  readonly issuer: string | null
}

/** Decisions for those who look at them: nothing of it is counted or logged as a decision. */
export interface DecisionInspection {
  /** Who asks; throws `auth.*` for one who is neither a viewer nor a proxy with a client certificate. */
  readonly inquirer: (evidence: Evidence) => Promise<Inquirer>
  readonly inspect: Decider['inspect']
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
  /** Id of the older root that has cross-signed this one. */
  readonly crossSignedBy?: string | undefined
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
  /** Label of the PKCS #11 token that authority keys are made in; null: they are files. */
  readonly token: string | null
  /** Rows that wait to become durable, and whether the last group could be written. */
  readonly record: { readonly depth: number; readonly ok: boolean; readonly restored: Restoration | null }
  readonly servingCertificate: { readonly notAfter: UnixSeconds }
  /** The directory of `authority.import`; null where none is configured. */
  readonly authorityImport: ImportStatus | null
  readonly resources: ResourceStatus
  readonly federation: readonly FederationStatus[]
}
