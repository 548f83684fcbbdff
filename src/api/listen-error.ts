import { StartupError } from '../kernel/startup-error.ts'

/** Why a listener could not be opened; no client meets these, they end the start of the service. */
export type ListenErrorCode = 'listen.failed' | 'listen.in_use' | 'listen.path_too_long' | 'listen.unsafe_path'

/** The address cannot be listened on; the message says what to do. */
export class ListenError extends StartupError {
  override name = 'ListenError'
  declare readonly code: ListenErrorCode

  constructor(code: ListenErrorCode, message: string, cause?: unknown) {
    super(code, message, cause)
  }
}

/** What `listen(2)` and `bind(2)` said, in words. */
export function toListenError(address: string, cause: NodeJS.ErrnoException): ListenError {
  if (cause.code === 'EADDRINUSE') {
    return new ListenError(
      'listen.in_use',
      `\`${address}\` is in use: stop what listens there or choose another`,
      cause,
    )
  }
  return new ListenError('listen.failed', `cannot listen on \`${address}\`: ${cause.message}`, cause)
}
