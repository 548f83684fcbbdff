import { openDecisionsListener } from './api/decisions-listener.ts'
import type { GrpcListener } from './api/grpc/listen.ts'
import { openGrpc } from './api/grpc/services.ts'
import { openAdminSocket } from './api/http/admin-socket.ts'
import { type HttpListener, openHttps, openMonitoring } from './api/http/listen.ts'
import { openBundleListener } from './app/bundle-listener.ts'
import { buildCore, type Core, type CoreIo } from './app/core.ts'
import { type NamedAddress, toBase, toHttpDeps, toMonitoringDeps } from './app/http-deps.ts'
import type { Config } from './config/config.ts'
import { type ConfigChange, reloadable } from './config/reload.ts'

/** The running service. */
export interface App {
  readonly core: Core
  readonly listeners: readonly NamedAddress[]
  /** Puts the reloadable sections of `next` in force, all at once; throws and changes nothing when it cannot. */
  reload(next: Config): ConfigChange
  /** Stops accepting, finishes what runs (for `limits.drain` at most), flushes the record, closes everything. */
  stop(): Promise<void>
}

/** Wires the service from its configuration and opens every listener; the first start creates everything it needs. */
export async function startApp(config: Config, io: CoreIo): Promise<App> {
  const core = await buildCore(config, io)
  const open: Opened[] = []
  const stop = async () => {
    const { drain } = core.live.current.limits
    await Promise.all(open.map(({ listener }) => listener.close(drain)))
    await core.close()
  }
  try {
    for await (const opened of openListeners(core, () => open)) {
      open.push(opened)
      core.connections.set(opened.name, opened.listener.connections)
    }
  } catch (error) {
    await stop()
    throw error
  }
  await core.mesh.attempted
  return {
    core,
    listeners: addressesOf(open),
    reload(next) {
      const change = reloadable(core.live.current, next)
      core.reload(next, change.changed)
      for (const { listener } of open) listener.refreshLimits()
      return change
    },
    stop,
  }
}

interface Opened {
  readonly name: NamedAddress['name']
  readonly listener: HttpListener | GrpcListener
}

async function* openListeners(core: Core, open: () => readonly Opened[]): AsyncGenerator<Opened> {
  const { live, serving, issue, onUnread, log, nextRequestId, directory } = core
  const { listen } = live.current
  const ready = () => core.readiness()
  const onLimitHit = (limit: string) => core.metrics.limitHit(limit)
  const limits = () => live.current.limits
  const decisions = core.decisions.ports
  const grpc = { issue, onUnread, ready, nextRequestId, log, limits, onLimitHit, decisions }
  const http = toHttpDeps(core, () => addressesOf(open()))
  yield { name: 'grpc', listener: await openGrpc(listen.grpc, serving, grpc) }
  yield { name: 'https', listener: await openHttps(listen.https, serving, http) }
  yield { name: 'monitoring', listener: await openMonitoring(listen.monitoring, toMonitoringDeps(core)) }
  if (listen.decisions !== null) {
    const deps = { ...toBase(core), limits, decisions }
    yield { name: 'decisions', listener: await openDecisionsListener(listen.decisions, deps) }
  }
  if (listen.bundle !== null) yield { name: 'bundle', listener: await openBundleListener(listen.bundle, core) }
  yield { name: 'admin', listener: await openAdminSocket(directory.adminSocket, http) }
}

function addressesOf(open: readonly Opened[]): NamedAddress[] {
  return open.map(({ name, listener }) => ({ name, address: listener.address }))
}
