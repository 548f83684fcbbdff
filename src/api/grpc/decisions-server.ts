import type { Socket } from 'node:net'
import type { DecisionPorts } from '../decision-ports.ts'
import { AUTHORIZATION, addAuthorizationService } from './authorization-service.ts'
import { addHealthService } from './health-service.ts'
import type { GrpcLimits } from './listen.ts'
import { type GrpcServers, openGrpcServers } from './servers.ts'
import { watchStalledCalls } from './stalled-calls.ts'

export interface DecisionsGrpcOptions {
  readonly decisions: DecisionPorts
  readonly limits: () => GrpcLimits & { readonly checkMessage: number | null }
  readonly onStalled: () => void
}

/** The gRPC half of the decisions listener: `Check` and health, for whoever is on this host; it is given its connections. */
export function openDecisionsGrpc({ decisions, limits, onStalled }: DecisionsGrpcOptions): GrpcServers {
  const peers = new Set<string>()
  const servers = openGrpcServers(
    () => ({ ...limits(), message: limits().checkMessage }),
    (server) => {
      const maxBytes = () => limits().checkMessage
      addAuthorizationService(server, { ...decisions, maxBytes, askerOf: () => ({ by: 'loopback' }) })
      addHealthService(server, { serving: (name) => (isHere(name) ? decisions.ready() : undefined) })
    },
  )
  const endWatch = watchStalledCalls({
    timeoutSeconds: () => limits().bodyTimeout,
    isOurs: ({ session }) => session !== undefined && peers.has(peerOf(session.socket)),
    onStalled,
  })
  return {
    inject(socket) {
      const peer = peerOf(socket)
      peers.add(peer)
      socket.on('close', () => peers.delete(peer))
      servers.inject(socket)
    },
    async shutDown() {
      await servers.shutDown()
      endWatch()
    },
  }
}

/** The empty name speaks for the listener. */
function isHere(service: string): boolean {
  return service === '' || service === AUTHORIZATION || service === 'grpc.health.v1.Health'
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}
