import { Authorities } from '../ca/authorities.ts'
import { DenyList } from '../ca/deny-list.ts'
import type { IssueCertificate, UnreadRequest } from '../ca/issuance.ts'
import { CertificateIssuer } from '../ca/issue-certificate.ts'
import { ServingCertificate } from '../ca/serving-certificate.ts'
import { LeafSigner } from '../ca/sign-leaf.ts'
import type { Config } from '../config/config.ts'
import { Attestation } from '../identity/attest.ts'
import { JoinTokens } from '../identity/join-token.ts'
import type { Clock, UnixMillis } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { openRandomPool } from '../kernel/random.ts'
import { openRequestIds } from '../kernel/request-id.ts'
import { openTokenBuckets } from '../kernel/token-bucket.ts'
import { openFileKeyProvider } from '../pki/file-key-provider.ts'
import { refuseExposedKeys } from '../pki/file-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { openLog } from '../telemetry/log.ts'
import { type Metrics, openMetrics } from '../telemetry/metrics.ts'
import { type DataDirectory, openDataDirectory, publishFiles } from './data-directory.ts'
import { type OpenedDecisions, openDecisions } from './decisions.ts'
import { boundHeap } from './heap.ts'
import { toIssueObserver } from './observe.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { type OpenedResources, observeResources, openResources } from './resources.ts'
import { servingNames } from './serving-names.ts'
import { issuanceOptionsOf, type LiveConfig, readPassphrase } from './settings.ts'

/** What the service is given from outside. */
export interface CoreIo {
  readonly clock: Clock
  /** Whether the log is for people: standard error is a terminal. */
  readonly terminal: boolean
  readonly env: NodeJS.ProcessEnv
  readonly version: string
}

/** Everything behind the listeners. */
export interface Core {
  readonly version: string
  readonly startedAt: UnixMillis
  readonly log: Log
  readonly clock: Clock
  readonly live: LiveConfig
  readonly directory: DataDirectory
  readonly store: Store
  readonly authorities: Authorities
  readonly denyList: DenyList
  readonly attestation: Attestation
  readonly joinTokens: JoinTokens
  readonly serving: ServingCertificate
  readonly mesh: OpenedResources
  readonly decisions: OpenedDecisions
  readonly metrics: Metrics
  readonly issue: IssueCertificate
  /** Logs and counts a request for a certificate that could not be read. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly nextRequestId: () => string
  readiness(): Readiness
  watchConnections(listener: string, count: () => number): void
  reload(next: Config, changed: readonly string[]): void
  close(): Promise<void>
}

const MAX_RENEWAL_CHECK_MS = 3_600_000
const RENEWAL_CHECKS_PER_LIFE = 100

/** Opens the store, the authorities and everything that issues; no listener yet. */
export async function buildCore(config: Config, io: CoreIo): Promise<Core> {
  boundHeap()
  const { clock, version } = io
  const { log, flush } = await openLog({
    level: config.log.level,
    pretty: io.terminal,
    onLost: () => metrics.logLost(),
  })
  const live: LiveConfig = { current: config }
  const random = openRandomPool()
  const directory = await openDataDirectory(config.dataDir)
  await refuseExposedKeys(directory.keys)
  const passphrase = readPassphrase(config.authority.keys.passphrase, io.env)
  const gauges = { connections: new Map<string, () => number>() }
  let opened: { authorities: Authorities; serving: ServingCertificate } | null = null
  const metrics = openMetrics({
    version,
    authorities: () => opened?.authorities.list() ?? [],
    queueDepth: () => store.depth,
    bundleSequence: () => opened?.authorities.current().sequence ?? 0,
    renewalBlocked: () => (opened?.authorities.renewalProblem ?? null) !== null,
    servingCertificateExpiry: () => opened?.serving.notAfter ?? 0,
    resources: () => observeResources(mesh),
    connections: () => gauges.connections,
  })
  const store = await openStore({
    file: databaseFile(config, directory),
    queue: () => live.current.limits.queue,
    retention: { issuedSeconds: config.store.retention.issued, auditSeconds: config.store.retention.audit },
    clock,
    log,
    onGroup: ({ size, seconds }) => metrics.storeGroup(size, seconds),
  })
  const mesh = openResources(config, { store, clock, log })
  try {
    const authorities = await Authorities.open(
      {
        store,
        keys: openFileKeyProvider(directory.keys, passphrase),
        clock,
        random,
        log,
        publish: (all, bundle) => publishFiles(directory, all, bundle),
      },
      { trustDomain: config.trustDomain, ...config.authority },
    )
    const denyList = await DenyList.open(store)
    const settings = () => ({
      trustDomain: config.trustDomain,
      maxTtlSeconds: live.current.attestation.joinToken.maxTtl,
    })
    const joinTokens = new JoinTokens({ store, clock, random, settings })
    const attestation = Attestation.open(config, { issuers: authorities, denied: denyList, joinTokens, clock, log })
    const { backdate, verifySample } = config.issuance
    const signer = new LeafSigner({ authorities, record: store, clock, random, backdate, verifySample })
    const serving = await ServingCertificate.open(
      { signer, authorities, clock, log },
      {
        names: servingNames(config),
        ttlSeconds: config.server.ttl,
        certificateFile: directory.serverCertificate,
        keyFile: directory.serverKey,
        passphrase,
      },
    )
    const decisions = await openDecisions(config, { mesh, attestation, metrics, live, clock, log })
    opened = { authorities, serving }
    const issuer = new CertificateIssuer({
      options: issuanceOptionsOf(config),
      limits: () => live.current.limits,
      attest: (evidence) => attestation.attest(evidence),
      roleOf: (caller) => attestation.roleOf(caller),
      authorities,
      denyList,
      signer,
      takeGlobal: openTokenBuckets(() => live.current.limits.rate),
      takePerIdentity: openTokenBuckets(() => live.current.limits.ratePerIdentity),
      clock,
      observer: toIssueObserver(log, metrics),
    })
    const checkEveryMs = renewalCheckMs(config.authority.intermediate.ttl)
    const renewal = setInterval(() => void renewIntermediate(authorities, serving, log), checkEveryMs)
    renewal.unref()
    return {
      version,
      startedAt: clock.now(),
      log,
      clock,
      live,
      directory,
      store,
      authorities,
      denyList,
      attestation,
      joinTokens,
      serving,
      mesh,
      decisions,
      metrics,
      issue: (request) => issuer.issue(request),
      onUnread: (request) => issuer.unread(request),
      nextRequestId: openRequestIds(),
      readiness: () => readinessOf({ store, authorities, clock }),
      watchConnections: (listener, count) => gauges.connections.set(listener, count),
      reload(next, changed) {
        const sections = Object.fromEntries(changed.map((section) => [section, next[section as keyof Config]]))
        const merged: Config = { ...live.current, ...sections }
        attestation.reload(merged)
        live.current = merged
      },
      async close() {
        clearInterval(renewal)
        serving.stop()
        attestation.close()
        await decisions.close()
        await mesh.close()
        await store.close()
        log.info('service.stopped')
        flush()
      },
    }
  } catch (error) {
    await mesh.close()
    await store.close()
    flush()
    throw error
  }
}

/** Often enough for an intermediate of a few hours. */
function renewalCheckMs(ttlSeconds: number): number {
  return Math.min(MAX_RENEWAL_CHECK_MS, Math.max(1000, (ttlSeconds * 1000) / RENEWAL_CHECKS_PER_LIFE))
}

async function renewIntermediate(authorities: Authorities, serving: ServingCertificate, log: Log): Promise<void> {
  try {
    if (!(await authorities.renewIntermediate())) return
    log.info('authority.renewed', { authorities: authorities.list().map(({ id, state }) => ({ id, state })) })
    await serving.renew()
  } catch (error) {
    log.error('authority.renewal_failed', { error })
  }
}

/** `sqlite:` is the file in the data directory, `sqlite:PATH` another. */
function databaseFile(config: Config, directory: DataDirectory): string {
  const path = config.store.url.slice('sqlite:'.length)
  return path === '' ? directory.database : path
}
