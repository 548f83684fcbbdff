import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { AppError, toPublicError } from '../../kernel/errors.ts'
import type { Decoded } from './unary.ts'
import { toWireError } from './wire-error.ts'

/** What a generated message reads its bytes with. */
interface Message<Request> {
  decode(bytes: Buffer): Request
}

/** A generated decoder whose refusals are `request.malformed`. */
export function decoderOf<Request>(message: Message<Request>): (bytes: Buffer) => Request {
  return (bytes) => {
    try {
      return message.decode(bytes)
    } catch (cause) {
      throw new AppError('request.malformed', 'the request is not the protobuf message of this method', { cause })
    }
  }
}

/** What was read; throws why it could not be. */
export function readOrThrow<Request>(decoded: Decoded<Request>): Request {
  if ('error' in decoded) throw decoded.error
  return decoded.request
}

type Stream = ServerWritableStream<never, never> | ServerDuplexStream<never, never>

/** Wraps a handler that streams its answers: what it throws ends the call with the wire error. */
export function streaming<Call extends Pick<Stream, 'emit'>>(handle: (call: Call) => void): (call: Call) => void {
  return (call) => {
    try {
      handle(call)
    } catch (thrown) {
      failStream(call, thrown)
    }
  }
}

/** Ends a streaming call with the wire error of what was thrown. */
export function failStream(call: Pick<Stream, 'emit'>, thrown: unknown): void {
  call.emit('error', toWireError(toPublicError(thrown)))
}
