import type { Socket } from 'node:net'

/** How the connection preface of HTTP/2 begins (RFC 9113 §3.4); no method of HTTP/1.1 does. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export interface Protocols {
  readonly http1: (socket: Socket) => void
  readonly http2: (socket: Socket) => void
  /** Milliseconds until enough has come to tell; null: any. */
  readonly timeoutMs: number | null
}

/** Hands a plaintext connection on by its first bytes, which stay to be read; one that says nothing in time is closed. */
export function serveByPreface(socket: Socket, { http1, http2, timeoutMs }: Protocols): void {
  let seen = Buffer.alloc(0)
  const destroy = () => socket.destroy()
  const timer = timeoutMs === null ? undefined : setTimeout(destroy, timeoutMs)
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) seen = Buffer.concat([seen, chunk])
    const length = Math.min(seen.length, PREFACE.length)
    const isPreface = seen.subarray(0, length).equals(PREFACE.subarray(0, length))
    if (length === 0 || (isPreface && length < PREFACE.length)) return
    forget()
    socket.unshift(seen)
    if (isPreface) http2(socket)
    else http1(socket)
  }
  const forget = () => {
    clearTimeout(timer)
    socket.off('readable', read).off('error', destroy).off('end', destroy).off('close', forget)
  }
  socket.on('readable', read).on('error', destroy).on('end', destroy).on('close', forget)
}
