import type { Metadata } from '@grpc/grpc-js'
import { AppError } from '../../kernel/errors.ts'

/** A bound in bytes, read at each use (null: none), and who is told that it was hit. */
export interface SizeLimit {
  readonly maxBytes: () => number | null
  readonly onHit: () => void
}

/** Throws `limit.size` where `what` is larger than the limit in force. */
export function refuseOver(limit: SizeLimit, bytes: number, what: string): void {
  const maxBytes = limit.maxBytes()
  if (maxBytes === null || bytes <= maxBytes) return
  limit.onHit()
  const detail = { wanted: `at most ${maxBytes} bytes`, seen: `${bytes} bytes` }
  throw new AppError('limit.size', `${what} larger than ${maxBytes} bytes`, detail)
}

const FIELD_OVERHEAD = 32

/** Bytes of a call's metadata, counted as HTTP/2 does (RFC 9113 §6.5.2): name, value and 32 for each field. */
export function metadataSize(metadata: Metadata): number {
  let bytes = 0
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) {
      bytes += name.length + String(value ?? '').length + FIELD_OVERHEAD
    }
  }
  return bytes
}
