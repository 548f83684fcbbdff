import { Metadata, type ServiceError } from '@grpc/grpc-js'
import type { PublicError } from '../../kernel/errors.ts'
import { ErrorInfo, RetryInfo, Status } from './generated/google/rpc/status.ts'

const TYPE = 'type.googleapis.com/google.rpc.'

/** The error as grpc-js sends it, with `google.rpc.ErrorInfo` (and `RetryInfo`) in `grpc-status-details-bin`. */
export function toWireError(error: PublicError): ServiceError {
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(toStatus(error)).finish()))
  const wire = new Error(error.message)
  return Object.assign(wire, { code: error.grpc, details: error.message, metadata })
}

function toStatus(error: PublicError): Status {
  const info: Record<string, string> = {}
  if (error.wanted !== undefined) info.wanted = error.wanted
  if (error.seen !== undefined) info.seen = error.seen
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
  return { code: error.grpc, message: error.message, details }
}
