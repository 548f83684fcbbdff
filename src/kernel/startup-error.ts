/** Why the service does not start, for the person who started it: a stable code, and what to do about it, a line each. */
export class StartupError extends Error {
  override name = 'StartupError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
