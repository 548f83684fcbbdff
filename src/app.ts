import type { Server } from '@grpc/grpc-js'
import { addCertificateService } from './api/grpc/certificate-service.ts'
import { addHealthService } from './api/grpc/health-service.ts'
import { type GrpcListener, openGrpcListener, type PeerCertificates } from './api/grpc/listen.ts'
import { addReflectionService } from './api/grpc/reflection-service.ts'
import { openAdminSocket } from './api/http/admin-socket.ts'
import type { HttpDeps, MonitoringDeps } from './api/http/deps.ts'
import { type HttpListener, openHttps, openMonitoring } from './api/http/listen.ts'
import { buildCore, type Core, type CoreIo } from './app/core.ts'
import { toHttpDeps, toMonitoringDeps } from './app/http-deps.ts'
import type { Config } from './config/config.ts'
import { reloadable } from './config/reload.ts'

/** The running service. */
export interface App {
  readonly core: Core
  readonly listeners: readonly NamedAddress[]
  /** Puts the reloadable sections of `next` in force, all at once; throws and changes nothing when it cannot. */
  reload(next: Config): ReloadResult
  /** Stops accepting, finishes what runs (for `limits.drain` at most), flushes the record, closes everything. */
  stop(): Promise<void>
}

export interface NamedAddress {
  readonly name: 'grpc' | 'https' | 'monitoring' | 'admin'
  readonly address: string
}

/** Sections that took effect, and paths that wait for a restart. */
export type ReloadResult = ReturnType<typeof reloadable>

const SERVICES = ['istio.v1.auth.IstioCertificateService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']

/** Wires the service from its configuration and opens every listener; the first start creates everything it needs. */
export async function startApp(config: Config, io: CoreIo): Promise<App> {
  const core = await buildCore(config, io)
  const closers: (() => Promise<void>)[] = []
  try {
    const http: HttpListener[] = []
    const listeners: NamedAddress[] = []
    const httpDeps: HttpDeps = toHttpDeps(core, () => listeners)
    const monitoringDeps: MonitoringDeps = toMonitoringDeps(core)
    const grace = () => core.live.current.limits.drain
    const open = async (name: NamedAddress['name'], opening: Promise<HttpListener>) => {
      const listener = await opening
      closers.push(() => listener.close(grace()))
      http.push(listener)
      listeners.push({ name, address: listener.address })
      core.watchConnections(name, listener.connections)
    }
    const grpc = await openGrpc(core)
    closers.push(() => grpc.close(grace()))
    listeners.push({ name: 'grpc', address: toAddressText(grpc) })
    core.watchConnections('grpc', grpc.connections)
    await open('https', openHttps(config.listen.https, core.serving, httpDeps))
    await open('monitoring', openMonitoring(config.listen.monitoring, monitoringDeps))
    await open('admin', openAdminSocket(core.directory.adminSocket, httpDeps))
    return {
      core,
      listeners,
      reload(next) {
        const change = reloadable(core.live.current, next)
        core.reload(next, change.changed)
        for (const listener of http) listener.refreshLimits()
        return change
      },
      async stop() {
        await Promise.all(closers.map((close) => close()))
        await core.close()
      },
    }
  } catch (error) {
    await Promise.all(closers.map((close) => close()))
    await core.close()
    throw error
  }
}

function openGrpc(core: Core): Promise<GrpcListener> {
  const { listen, limits } = core.live.current
  return openGrpcListener({
    ...listen.grpc,
    tls: core.serving,
    limits: {
      message: limits.body,
      concurrentStreams: limits.concurrentStreams,
      handshakeTimeout: limits.headerTimeout,
    },
    addServices: (server, peers) => addServices(core, server, peers),
  })
}

function addServices(core: Core, server: Server, peers: PeerCertificates): void {
  addCertificateService(server, {
    issue: core.issue,
    peers,
    nextRequestId: core.nextRequestId,
    onFailure: (path, told, thrown) => {
      if (told.kind === 'internal') core.log.error('grpc.failed', { path, error: thrown })
    },
  })
  addHealthService(server, {
    serving: (service) => (service === '' || SERVICES.includes(service) ? core.readiness().ok : undefined),
  })
  addReflectionService(server, SERVICES)
}

function toAddressText({ address }: GrpcListener): string {
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}
