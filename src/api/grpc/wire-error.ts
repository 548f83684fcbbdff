import { Metadata, type ServiceError } from '@grpc/grpc-js'
import type { PublicError } from '../../kernel/errors.ts'
import { ErrorInfo, RetryInfo, Status } from './generated/google/rpc/status.ts'

const TYPE = 'type.googleapis.com/google.rpc.'

const MAX_MESSAGE = 1024
const MAX_DETAIL = 512

/**
 * The error as grpc-js sends it, with `google.rpc.ErrorInfo` (and `RetryInfo`) in `grpc-status-details-bin`. Both are
 * trailers, which clients bound (8 KiB is common) and grpc-js percent-encodes, so texts are cut and made well-formed.
 */
export function toWireError(error: PublicError): ServiceError {
  const message = fit(error.message, MAX_MESSAGE)
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(toStatus(error, message)).finish()))
  return Object.assign(new Error(message), { code: error.grpc, details: message, metadata })
}

/** `encodeURI` throws for half a surrogate pair, and grpc-js calls it where nobody catches. */
function fit(text: string, limit: number): string {
  return (text.length > limit ? `${text.slice(0, limit - 3)}...` : text).toWellFormed()
}

function toStatus(error: PublicError, message: string): Status {
  const info: Record<string, string> = {}
  if (error.wanted !== undefined) info.wanted = fit(error.wanted, MAX_DETAIL)
  if (error.seen !== undefined) info.seen = fit(error.seen, MAX_DETAIL)
  const reason = error.code.toUpperCase().replaceAll('.', '_')
  const details = [
    {
      typeUrl: `${TYPE}ErrorInfo`,
      value: Buffer.from(ErrorInfo.encode({ reason, domain: 'alcazar', metadata: info }).finish()),
    },
  ]
  if (error.retryAfterSeconds !== undefined) {
    const retryDelay = { seconds: BigInt(Math.ceil(error.retryAfterSeconds)), nanos: 0 }
    details.push({ typeUrl: `${TYPE}RetryInfo`, value: Buffer.from(RetryInfo.encode({ retryDelay }).finish()) })
  }
  return { code: error.grpc, message, details }
}
