import type { Socket } from 'node:net'
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js'

/** Bounds of one grpc-js server; null lifts one. */
export interface ServerLimits {
  /** Bytes of a message, of whatever method takes the longest. */
  readonly message: number | null
  readonly concurrentStreams: number | null
}

export interface GrpcServers {
  /** Serves a connection whose TLS, if any, is done; by the limits in force now. */
  inject(socket: Socket): void
  /** Lets running calls finish. */
  shutDown(): Promise<void>
}

const KEEPALIVE_MS = 30_000
const SLACK_BYTES = 65_536

/** grpc-js fixes its limits when a server is made: changed ones get a new server, for the connections from then on. */
export function openGrpcServers(limits: () => ServerLimits, addServices: (server: Server) => void): GrpcServers {
  const servers: Server[] = []
  const open = (bounds: ServerLimits) => {
    const server = new Server(serverOptions(bounds))
    addServices(server)
    servers.push(server)
    return { bounds, injector: server.createConnectionInjector(ServerCredentials.createInsecure()) }
  }
  let current = open(limits())
  return {
    inject(socket) {
      const bounds = limits()
      const { message, concurrentStreams } = current.bounds
      if (bounds.message !== message || bounds.concurrentStreams !== concurrentStreams) current = open(bounds)
      current.injector.injectConnection(socket)
    },
    async shutDown() {
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.tryShutdown(() => resolve()))))
    },
  }
}

function serverOptions({ message, concurrentStreams }: ServerLimits): ServerOptions {
  return {
    'grpc.enable_channelz': 0,
    // A little more than we take, so that the refusal is ours, with its code and its count (hostile 48).
    'grpc.max_receive_message_length': message === null ? -1 : message + SLACK_BYTES,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS / 3,
    ...(concurrentStreams === null ? {} : { 'grpc.max_concurrent_streams': concurrentStreams }),
  }
}
