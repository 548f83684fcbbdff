import type { handleServerStreamingCall, handleUnaryCall, Server } from '@grpc/grpc-js'
import { AppError } from '../../kernel/errors.ts'
import {
  HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './generated/grpc/health/v1/health.ts'
import { metadataSize, refuseOver, type SizeLimit } from './size-limit.ts'
import { decoderOf, readOrThrow, streaming } from './streaming.ts'
import { type Decoded, decodedBy, unary } from './unary.ts'

/** Health by service name (the empty name speaks for the process); undefined: no such service. */
export interface HealthSource {
  serving(service: string): boolean | undefined
  /** Bounds the metadata of a call. */
  readonly metadata?: SizeLimit
}

const WATCH_EVERY_MS = 1000

/** `grpc.health.v1.Health`. */
export function addHealthService(server: Server, health: HealthSource): void {
  const decode = decodedBy(decoderOf(HealthCheckRequest))
  const service = {
    check: { ...HealthService.check, requestDeserialize: decode },
    watch: { ...HealthService.watch, requestDeserialize: decode },
  }
  server.addService(service, { check: check(health), watch: watch(health) })
}

function check(health: HealthSource): handleUnaryCall<Decoded<HealthCheckRequest>, HealthCheckResponse> {
  return unary(
    async ({ service }, call) => {
      refuseMetadata(health, call.metadataSize())
      const found = statusOf(health, service)
      if (found === ServingStatus.SERVICE_UNKNOWN) throw new AppError('resource.not_found', 'there is no such service')
      return { status: found }
    },
    () => {},
  )
}

function watch(health: HealthSource): handleServerStreamingCall<Decoded<HealthCheckRequest>, HealthCheckResponse> {
  return streaming((call) => {
    refuseMetadata(health, metadataSize(call.metadata))
    const { service } = readOrThrow(call.request)
    let last: ServingStatus | null = null
    const send = () => {
      const now = statusOf(health, service)
      if (now !== last) call.write({ status: now })
      last = now
    }
    send()
    const timer = setInterval(send, WATCH_EVERY_MS)
    call.on('cancelled', () => clearInterval(timer))
    call.on('close', () => clearInterval(timer))
  })
}

function refuseMetadata({ metadata }: HealthSource, bytes: number): void {
  if (metadata !== undefined) refuseOver(metadata, bytes, 'the metadata is')
}

function statusOf(health: HealthSource, service: string): ServingStatus {
  const serving = health.serving(service)
  if (serving === undefined) return ServingStatus.SERVICE_UNKNOWN
  return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
}
