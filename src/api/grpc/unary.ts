import { type handleUnaryCall, type ServerUnaryCall, status } from '@grpc/grpc-js'
import type { Cancellation } from '../../ca/issue/issuance.ts'
import { AppError, type PublicError, toPublicError } from '../../kernel/errors.ts'
import { metadataSize } from './size-limit.ts'
import { toWireError } from './wire-error.ts'

/** Answers one request; what it throws becomes the wire error. */
export type UnaryMethod<Request, Response> = (request: Request, call: CallContext) => Promise<Response>

/** What a method may know of its call. */
export interface CallContext extends Cancellation {
  /** `ip:port` of the connection. */
  readonly peer: string
  /** The first value of a metadata key, or undefined. */
  metadata(key: string): string | undefined
  /** Bytes of all metadata. */
  metadataSize(): number
}

/** Called once for every call that fails, with what the client is told and what was thrown. */
export type OnFailure = (path: string, told: PublicError, thrown: unknown) => void

/** A request that was read, or why it could not be: grpc-js answers INTERNAL for what a deserializer throws. */
export type Decoded<Request> = { readonly request: Request } | { readonly error: unknown }

/** Wraps a decoder so that what it throws reaches the method's error path. */
export function decodedBy<Request>(decode: (bytes: Buffer) => Request): (bytes: Buffer) => Decoded<Request> {
  return (bytes) => {
    try {
      return { request: decode(bytes) }
    } catch (error) {
      return { error }
    }
  }
}

/** The one adapter between grpc-js callbacks and methods that return promises. */
export function unary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  onFailure: OnFailure,
): handleUnaryCall<Decoded<Request>, Response> {
  return (call, callback) => {
    const context = new Context(call)
    start(method, call.request, context).then(
      (response) => callback(null, response),
      (thrown: unknown) => {
        const told = toPublicError(thrown)
        onFailure(call.getPath(), told, thrown)
        callback(context.expired ? DEADLINE_EXCEEDED : toWireError(told))
      },
    )
  }
}

const DEADLINE_EXCEEDED = { code: status.DEADLINE_EXCEEDED, details: 'the deadline of the call has passed' }

async function start<Request, Response>(
  method: UnaryMethod<Request, Response>,
  decoded: Decoded<Request>,
  context: Context,
): Promise<Response> {
  if ('error' in decoded) throw decoded.error
  if (context.aborted) throw new AppError('request.malformed', 'the deadline of the call has passed already')
  return method(decoded.request, context)
}

class Context implements CallContext {
  readonly #call: ServerUnaryCall<unknown, unknown>

  constructor(call: ServerUnaryCall<unknown, unknown>) {
    this.#call = call
  }

  get peer(): string {
    return this.#call.getPeer()
  }

  get aborted(): boolean {
    return this.#call.cancelled || this.expired
  }

  get expired(): boolean {
    const deadline = this.#call.getDeadline()
    return deadline !== Number.POSITIVE_INFINITY && Date.now() >= Number(deadline)
  }

  metadata(key: string): string | undefined {
    return this.#call.metadata.get(key)[0]?.toString()
  }

  metadataSize(): number {
    return metadataSize(this.#call.metadata)
  }
}
