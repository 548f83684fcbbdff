import { type handleServerStreamingCall, type handleUnaryCall, type Server, status } from '@grpc/grpc-js'
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './generated/grpc/health/v1/health.ts'

/** Health by service name (the empty name speaks for the process); undefined: no such service. */
export interface HealthSource {
  serving(service: string): boolean | undefined
}

const WATCH_EVERY_MS = 1000

/** `grpc.health.v1.Health`. */
export function addHealthService(server: Server, health: HealthSource): void {
  const statusOf = (service: string): ServingStatus => {
    const serving = health.serving(service)
    if (serving === undefined) return ServingStatus.SERVICE_UNKNOWN
    return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
  }
  const check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = (call, callback) => {
    const found = statusOf(call.request.service)
    if (found !== ServingStatus.SERVICE_UNKNOWN) return callback(null, { status: found })
    callback({ code: status.NOT_FOUND, details: 'there is no such service' })
  }
  const watch: handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    let last: ServingStatus | null = null
    const send = () => {
      const now = statusOf(call.request.service)
      if (now !== last) call.write({ status: now })
      last = now
    }
    send()
    const timer = setInterval(send, WATCH_EVERY_MS)
    call.on('cancelled', () => clearInterval(timer))
    call.on('close', () => clearInterval(timer))
  }
  server.addService(HealthService, { check, watch })
}
