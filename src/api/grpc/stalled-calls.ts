import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { constants, type ServerHttp2Stream } from 'node:http2'

export interface StalledCallsOptions {
  /** Seconds that a request may take to arrive; null: any. */
  readonly timeoutSeconds: () => number | null
  /** Whether a stream is one of the listener's own: Node tells of all streams of the process. */
  readonly isOurs: (stream: ServerHttp2Stream) => boolean
  readonly onStalled: () => void
}

const CREATED = 'http2.server.stream.created'
const CLOSED = 'http2.server.stream.close'
const SWEEP_EVERY_MS = 500
const { NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE, NGHTTP2_CANCEL } = constants

/**
 * Ends calls whose request does not arrive in time: grpc-js waits for ever, and its interceptors and timers would cost
 * every call what this costs the sweep. Returns what ends the watch.
 */
export function watchStalledCalls({ timeoutSeconds, isOurs, onStalled }: StalledCallsOptions): () => void {
  const waiting = new Map<ServerHttp2Stream, number>() // in the order of their arrival
  const created = (message: unknown) => void waiting.set(streamOf(message), performance.now())
  const closed = (message: unknown) => void waiting.delete(streamOf(message))
  const sweep = () => {
    const seconds = timeoutSeconds()
    const limit = seconds === null ? Number.NEGATIVE_INFINITY : performance.now() - seconds * 1000
    for (const [stream, since] of waiting) {
      if (since > limit) return
      waiting.delete(stream)
      if (hasArrived(stream) || !isOurs(stream)) continue
      stream.close(NGHTTP2_CANCEL)
      onStalled()
    }
  }
  subscribe(CREATED, created)
  subscribe(CLOSED, closed)
  const timer = setInterval(sweep, SWEEP_EVERY_MS).unref()
  return () => {
    clearInterval(timer)
    unsubscribe(CREATED, created)
    unsubscribe(CLOSED, closed)
  }
}

function streamOf(message: unknown): ServerHttp2Stream {
  return (message as { readonly stream: ServerHttp2Stream }).stream
}

/** The client has said that it sends no more, or is being answered (a reflection client may ask on and on). */
function hasArrived(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.headersSent || stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE
}
