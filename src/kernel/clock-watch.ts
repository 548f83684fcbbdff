import type { Clock, UnixMillis } from './clock.ts'
import type { Log } from './log.ts'

export const JUMP_DIRECTIONS = ['back', 'forward'] as const
/** Which way the wall clock was set. */
export type JumpDirection = (typeof JUMP_DIRECTIONS)[number]

export interface ClockWatchDeps {
  readonly clock: Clock
  readonly log: Log
  /** How far the clock may be off before anybody hears of it. */
  readonly toleranceSeconds: number
  /** The newest time that was written down before the start; 0 where there is none. */
  readonly newestKnown: UnixMillis
  readonly onJump: (direction: JumpDirection) => void
}

/** Milliseconds: how far it went against the monotonic clock, and since when by that one. */
interface Jump {
  readonly by: number
  readonly since: number
}

const LOOK_MS = 1_000
/** After this long a clock that went ahead is believed: the machine was asleep, or its time was wrong before. */
const BELIEVED_AFTER_MS = 3_600_000

/**
 * Compares the wall clock with the monotonic one, and at the start with the newest time that was written down. One that
 * was set back is believed again when it has caught up, one that went ahead after an hour, both when they are set right.
 */
export class ClockWatch {
  readonly #deps: ClockWatchDeps
  readonly #tolerance: number
  /** Wall minus monotonic time, as long as nobody sets the clock. */
  #distance: number
  /** The newest time that a believed clock has shown. */
  #latest: UnixMillis
  #jump: Jump | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps
    this.#tolerance = deps.toleranceSeconds * 1000
    const now = deps.clock.now()
    this.#distance = now - deps.clock.monotonic()
    this.#latest = Math.max(deps.newestKnown, now)
    if (this.#latest - now <= this.#tolerance) return
    const newest = new Date(this.#latest).toISOString()
    deps.log.error('clock.behind_record', { seconds: toWhole(this.#latest - now), newest })
  }

  /** Looks every second, until `close`. */
  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Seconds that the clock is ahead of what it should show, negative where it is behind; 0 while nothing is known. */
  get offSeconds(): number {
    const now = this.#look()
    if (this.#jump !== null) return toWhole(this.#jump.by)
    return this.#isBehind(now) ? toWhole(now - this.#latest) : 0
  }

  /** In words, what is wrong with the clock. */
  get problems(): readonly string[] {
    const off = this.offSeconds
    if (off === 0) return []
    if (off > 0)
      return [`the clock went forward by ${off} s: if that is wrong, what is issued begins too late for others`]
    if (this.#jump !== null) return [`the clock was set back by ${-off} s: what is issued ends too early for others`]
    const newest = new Date(this.#latest).toISOString()
    return [`the clock is ${-off} s behind the newest time on the record, ${newest}: set it right`]
  }

  /** Until when nobody should conclude from the clock that something is over; null while it is believed. */
  get doubtedUntil(): UnixMillis | null {
    const now = this.#look()
    if (this.#jump === null || this.#jump.by < 0) return null // too early closes gates, and opens none
    return now + BELIEVED_AFTER_MS - (this.#deps.clock.monotonic() - this.#jump.since)
  }

  /** Also whenever somebody asks: nobody acts on a time that was not looked at. */
  #look(): UnixMillis {
    const { clock } = this.#deps
    const now = clock.now()
    const monotonic = clock.monotonic()
    const by = now - monotonic - this.#distance
    if (Math.abs(by) <= this.#tolerance) this.#isRight(now)
    else if (this.#jump === null || Math.abs(by - this.#jump.by) > this.#tolerance) this.#jumped(by, now, monotonic)
    else if (by > 0 ? monotonic - this.#jump.since >= BELIEVED_AFTER_MS : now >= this.#latest) {
      this.#distance = now - monotonic
      this.#isRight(now)
    }
    return now
  }

  #jumped(by: number, now: UnixMillis, monotonic: number): void {
    this.#jump = { by, since: monotonic }
    const direction = by > 0 ? 'forward' : 'back'
    this.#deps.log.error('clock.jumped', { direction, seconds: toWhole(by), now: new Date(now).toISOString() })
    this.#deps.onJump(direction)
  }

  #isRight(now: UnixMillis): void {
    if (this.#jump !== null) this.#deps.log.info('clock.believed', { now: new Date(now).toISOString() })
    this.#jump = null
    this.#latest = Math.max(this.#latest, now)
  }

  #isBehind(now: UnixMillis): boolean {
    return this.#latest - now > this.#tolerance
  }
}

function toWhole(milliseconds: number): number {
  return Math.round(milliseconds / 1000)
}
