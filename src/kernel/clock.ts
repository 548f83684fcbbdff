/** Seconds since the Unix epoch, an integer. */
export type UnixSeconds = number
/** Milliseconds since the Unix epoch, an integer. */
export type UnixMillis = number

/** Time as a parameter: wall time for validity, monotonic time for limits and latencies. */
export interface Clock {
  /** Wall clock, Unix milliseconds. */
  now(): UnixMillis
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
