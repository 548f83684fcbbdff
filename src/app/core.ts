import type { JwtPorts } from '../api/http/deps.ts'
import { Authorities } from '../ca/authorities.ts'
import { DenyList } from '../ca/deny-list.ts'
import type { Federation } from '../ca/federation/federation.ts'
import { ForeignCertificates } from '../ca/federation/foreign-trust.ts'
import type { IssueCertificate, UnreadRequest } from '../ca/issuance.ts'
import { CertificateIssuer, type IssueDeps } from '../ca/issue-certificate.ts'
import type { Restoration } from '../ca/restoration.ts'
import { Revocations } from '../ca/revocations.ts'
import { ServingCertificate } from '../ca/serving-certificate.ts'
import { LeafSigner } from '../ca/sign-leaf.ts'
import type { Config } from '../config/config.ts'
import { Attestation } from '../identity/attest.ts'
import { JoinTokens } from '../identity/join-token.ts'
import type { Clock, UnixMillis } from '../kernel/clock.ts'
import type { ClockWatch } from '../kernel/clock-watch.ts'
import type { Log } from '../kernel/log.ts'
import { openRandomPool } from '../kernel/random.ts'
import { openRequestIds } from '../kernel/request-id.ts'
import { openTokenBuckets } from '../kernel/token-bucket.ts'
import { refuseExposedKeys } from '../pki/file-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { openLog } from '../telemetry/log.ts'
import { type Metrics, openMetrics } from '../telemetry/metrics.ts'
import { type OpenedImport, openFirstImport, openImport } from './authority-import.ts'
import { openBackups } from './backup.ts'
import { openClockWatch } from './clock-watch.ts'
import { type OpenedCrls, observeCrls, openCrls, toDenied } from './crl.ts'
import { type DataDirectory, openDataDirectory, publishFiles } from './data-directory.ts'
import { type OpenedDecisions, openDecisions } from './decisions.ts'
import { observeFederation, openFederation } from './federation.ts'
import { boundHeap } from './heap.ts'
import { openJwts } from './jwts.ts'
import { type OpenedKeys, openKeys } from './keys.ts'
import { toIssueObserver } from './observe.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { type OpenedResources, observeResources, openResources } from './resources.ts'
import { type OpenedRotation, openRotation } from './rotation.ts'
import { servingNames } from './serving-names.ts'
import { issuanceOptionsOf, type LiveConfig, readPassphrase } from './settings.ts'
import { reportUnknownKeys } from './unknown-keys.ts'

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
  readonly keys: Pick<OpenedKeys, 'token'>
  readonly authorities: Authorities
  /** The deny list, and the CRLs that tell of it; `publisher.refresh` after changes that no authority shows. */
  readonly crls: OpenedCrls
  readonly imports: OpenedImport
  /** Foreign trust domains and their bundles. */
  readonly federation: Federation
  readonly attestation: Attestation
  readonly joinTokens: JoinTokens
  readonly serving: ServingCertificate
  readonly mesh: OpenedResources
  readonly rotation: OpenedRotation
  readonly decisions: OpenedDecisions
  readonly metrics: Metrics
  readonly issue: IssueCertificate
  /** Logs and counts a request for a certificate that could not be read. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly jwts: JwtPorts
  readonly backup: ReturnType<typeof openBackups>
  /** Where the record came from, if out of a backup. */
  readonly restoration: Restoration | null
  readonly nextRequestId: () => string
  readiness(): Readiness
  watchConnections(listener: string, count: () => number): void
  reload(next: Config, changed: readonly string[]): void
  close(): Promise<void>
}

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
  const passphrase = readPassphrase(config, io.env)
  const gauges = { connections: new Map<string, () => number>() }
  let opened: {
    authorities: Authorities
    serving: ServingCertificate
    rotation: OpenedRotation
    imports: OpenedImport
    federation: Federation
    crls: OpenedCrls
    clockWatch: ClockWatch
  } | null = null
  const metrics = openMetrics({
    version,
    authorities: () => opened?.authorities.list() ?? [],
    queueDepth: () => store.depth,
    bundleSequence: () => opened?.authorities.current().sequence ?? 0,
    renewalBlocked: () => (opened?.rotation.rotator.problems.length ?? 0) > 0,
    servingCertificateExpiry: () => opened?.serving.notAfter ?? 0,
    authorityImport: () => opened?.imports.status() ?? null,
    clockOff: () => opened?.clockWatch.offSeconds ?? 0,
    federation: () => (opened === null ? [] : observeFederation(opened.federation, clock)),
    crls: () => (opened === null ? [] : observeCrls(opened.crls)),
    resources: () => observeResources(mesh),
    connections: () => gauges.connections,
  })
  const keys = await openKeys(config, { directory: directory.keys, passphrase, env: io.env, clock, log })
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
    await openFirstImport(config, { store, keys, clock })
    const authorities = await Authorities.open(
      {
        store,
        keys,
        clock,
        random,
        log,
        publish: (all, bundle) => publishFiles(directory, all, bundle),
      },
      { trustDomain: config.trustDomain, ...config.authority },
    )
    await reportUnknownKeys(directory.keys, authorities.list(), log)
    const denyList = await DenyList.open(store)
    const revocations = await Revocations.open(store)
    const denied = toDenied(denyList, revocations)
    const settings = () => ({
      trustDomain: config.trustDomain,
      maxTtlSeconds: live.current.attestation.joinToken.maxTtl,
    })
    const joinTokens = new JoinTokens({ store, clock, random, settings })
    const federation = await openFederation(config, { store, authorities, clock, log })
    const foreign = new ForeignCertificates(federation, clock)
    const attestation = Attestation.open(config, { issuers: authorities, foreign, denied, joinTokens, clock, log })
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
    const restoration = await store.loadRestoration()
    const onJump = metrics.clockJumped
    const clockWatch = await openClockWatch(config, { store, authorities, clock, log, onJump })
    const moving = { authorities, serving, keys, store, clock, log, random, restoration, clockWatch }
    const rotation = await openRotation(config, moving)
    const issuers = { authorities, keys, serving, directory }
    const crls = await openCrls(config, { ...issuers, denyList, revocations, store, clock, log })
    const { rotator } = rotation
    const imports = await openImport(config, { authorities, rotator, denyList, keys, store, clock, log, random })
    opened = { authorities, serving, rotation, imports, federation, crls, clockWatch }
    const entitle: Omit<IssueDeps, 'options' | 'authorities' | 'signer' | 'observer' | 'isUrgent'> = {
      limits: () => live.current.limits,
      attest: (evidence) => attestation.attest(evidence),
      roleOf: (caller) => attestation.roleOf(caller),
      denyList,
      takeGlobal: openTokenBuckets(() => live.current.limits.rate),
      takePerIdentity: openTokenBuckets(() => live.current.limits.ratePerIdentity),
      clock,
    }
    const issuer = new CertificateIssuer({
      ...entitle,
      options: issuanceOptionsOf(config),
      authorities,
      signer,
      observer: toIssueObserver(log, metrics, rotation.reports),
      isUrgent: () => authorities.list().some(({ state }) => state === 'tainted'),
    })
    return {
      version,
      startedAt: clock.now(),
      log,
      clock,
      live,
      directory,
      store,
      keys,
      authorities,
      crls,
      imports,
      federation,
      attestation,
      joinTokens,
      serving,
      mesh,
      rotation,
      decisions,
      metrics,
      issue: (request) => issuer.issue(request),
      onUnread: (request) => issuer.unread(request),
      jwts: openJwts(config, { entitle, authorities, record: store, random, log, metrics }),
      backup: openBackups({
        store,
        directory,
        trustDomain: config.trustDomain,
        token: keys.token,
        version,
        clock,
        random,
        log,
      }),
      restoration,
      nextRequestId: openRequestIds(),
      readiness: () =>
        readinessOf({ store, keys, authorities, rotator, crls: crls.publisher, imports, clockWatch, clock }),
      watchConnections: (listener, count) => gauges.connections.set(listener, count),
      reload(next, changed) {
        const sections = Object.fromEntries(changed.map((section) => [section, next[section as keyof Config]]))
        const merged: Config = { ...live.current, ...sections }
        attestation.reload(merged)
        live.current = merged
      },
      async close() {
        await federation.close()
        await imports.close()
        await rotation.close()
        clockWatch.close()
        await crls.close()
        serving.stop()
        attestation.close()
        await decisions.close()
        await mesh.close()
        await store.close()
        keys.close()
        log.info('service.stopped')
        flush()
      },
    }
  } catch (error) {
    await mesh.close()
    await store.close()
    keys.close()
    flush()
    throw error
  }
}

/** `sqlite:` is the file in the data directory, `sqlite:PATH` another. */
function databaseFile(config: Config, directory: DataDirectory): string {
  const path = config.store.url.slice('sqlite:'.length)
  return path === '' ? directory.database : path
}
