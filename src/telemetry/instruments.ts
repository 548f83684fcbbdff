import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { AuthorityKind, AuthorityState } from '../ca/authority.ts'
import type { UnixSeconds } from '../kernel/clock.ts'
import { CODES } from '../kernel/errors.ts'
import { buildClockInstruments } from './clock-instruments.ts'
import { buildCrlGauges, type ObservedCrl } from './crl-gauges.ts'
import { buildDecisionInstruments } from './decision-instruments.ts'
import { buildFederationGauges } from './federation-gauges.ts'
import { buildResourceGauges, type ObservedResources } from './resource-gauges.ts'

const OUTCOMES = ['issued', 'refused', 'failed'] as const
const RELOAD_OUTCOMES = ['applied', 'refused'] as const
export type ReloadOutcome = (typeof RELOAD_OUTCOMES)[number]

const REQUEST_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const GROUP_ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

/** What is read when somebody asks for the metrics. */
export interface MetricsSources {
  readonly version: string
  authorities(): readonly ObservedAuthority[]
  /** Intents and results that wait to become durable. */
  queueDepth(): number
  bundleSequence(): number
  /** Whether it is known that the next intermediate cannot be made. */
  renewalBlocked(): boolean
  servingCertificateExpiry(): UnixSeconds
  /** The imported directory and whether what it holds is accepted; null where none is configured. */
  authorityImport(): { readonly directory: string; readonly isOk: boolean } | null
  /** Seconds that the wall clock is off; 0 while nothing is known. */
  clockOff(): number
  federation(): readonly ObservedFederation[]
  crls(): readonly ObservedCrl[]
  resources(): ObservedResources
  /** How many connections are open, by listener. */
  connections(): ReadonlyMap<string, () => number>
}

export interface ObservedAuthority {
  readonly id: string
  readonly kind: AuthorityKind
  readonly state: AuthorityState
  readonly notAfter: UnixSeconds
}

/** A foreign trust domain; `ageSeconds` since its bundle was confirmed, null while there is none. */
export interface ObservedFederation {
  readonly trustDomain: string
  readonly isOk: boolean
  readonly ageSeconds: number | null
}

/** Every metric of ours in one registry; `docs/metrics.md` describes each and a test compares the two. */
export function buildInstruments(registry: Registry, sources: MetricsSources) {
  buildGauges(registry, sources)
  buildResourceGauges(registry, () => sources.resources())
  buildFederationGauges(registry, () => sources.federation())
  buildCrlGauges(registry, () => sources.crls())
  const registers = [registry]
  const instruments = {
    certificates: new Counter({
      name: 'alcazar_certificates_total',
      help: 'Requests for certificates by attestor (none: nobody could be attested) and outcome.',
      labelNames: ['attestor', 'outcome'],
      registers,
    }),
    jwts: new Counter({
      name: 'alcazar_jwts_total',
      help: 'Requests for JWT-SVIDs by attestor (none: nobody could be attested) and outcome.',
      labelNames: ['attestor', 'outcome'],
      registers,
    }),
    refusals: new Counter({
      name: 'alcazar_refusals_total',
      help: 'Requests for certificates or JWT-SVIDs that were refused or failed, by error code.',
      labelNames: ['code'],
      registers,
    }),
    issueSeconds: new Histogram({
      name: 'alcazar_issue_seconds',
      help: 'From a decoded request for a certificate to its answer, by outcome.',
      labelNames: ['outcome'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'alcazar_http_request_seconds',
      help: 'Answered HTTP requests by route and status.',
      labelNames: ['route', 'status'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    limitHits: new Counter({
      name: 'alcazar_limit_hits_total',
      help: 'Requests that hit a limit, by its name in the configuration.',
      labelNames: ['limit'],
      registers,
    }),
    groupSeconds: new Histogram({
      name: 'alcazar_store_group_seconds',
      help: 'Time to make one group of rows durable.',
      buckets: REQUEST_SECONDS,
      registers,
    }),
    groupSize: new Histogram({
      name: 'alcazar_store_group_size',
      help: 'Rows that became durable together.',
      buckets: GROUP_ROWS,
      registers,
    }),
    reloads: new Counter({
      name: 'alcazar_config_reloads_total',
      help: 'Reloads of the configuration by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
    logLost: new Counter({
      name: 'alcazar_log_lost_total',
      help: 'Times that log lines could not be written.',
      registers,
    }),
    clockJumps: buildClockInstruments(registry, () => sources.clockOff()),
    decisions: buildDecisionInstruments(registry),
  }
  // What never happened is 0 and not absent: a rate over a series that appears with its first failure misses that one.
  for (const code of Object.keys(CODES)) instruments.refusals.inc({ code }, 0)
  for (const outcome of RELOAD_OUTCOMES) instruments.reloads.inc({ outcome }, 0)
  for (const outcome of OUTCOMES) instruments.issueSeconds.zero({ outcome })
  return instruments
}

/** Metrics that are read from their sources at each scrape. */
function buildGauges(registry: Registry, sources: MetricsSources): void {
  const registers = [registry]
  new Gauge({
    name: 'alcazar_authority_expiry_timestamp_seconds',
    help: 'When each authority expires, Unix time.',
    labelNames: ['id', 'kind', 'state'],
    registers,
    collect() {
      this.reset()
      for (const { id, kind, state, notAfter } of sources.authorities()) this.set({ id, kind, state }, notAfter)
    },
  })
  new Gauge({
    name: 'alcazar_connections',
    help: 'Open connections by listener.',
    labelNames: ['listener'],
    registers,
    collect() {
      for (const [listener, count] of sources.connections()) this.set({ listener }, count())
    },
  })
  const read = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  read('alcazar_record_queue_depth', 'Rows of the record that wait to become durable.', () => sources.queueDepth())
  read('alcazar_authority_renewal_blocked', '1 while the next intermediate cannot be made, else 0.', () =>
    Number(sources.renewalBlocked()),
  )
  new Gauge({
    name: 'alcazar_authority_import_ok',
    help: 'Whether what the imported directory holds is accepted.',
    labelNames: ['directory'],
    registers,
    collect() {
      this.reset()
      const found = sources.authorityImport()
      if (found !== null) this.set({ directory: found.directory }, Number(found.isOk))
    },
  })
  read('alcazar_bundle_sequence', 'Sequence number of the trust bundle.', () => sources.bundleSequence())
  read(
    'alcazar_serving_certificate_expiry_timestamp_seconds',
    "When the service's own certificate expires, Unix time.",
    () => sources.servingCertificateExpiry(),
  )
  new Gauge({
    name: 'alcazar_build_info',
    help: 'Always 1; the version that runs.',
    labelNames: ['version'],
    registers,
  }).set({ version: sources.version }, 1)
}
