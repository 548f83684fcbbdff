import type { Io, Sink } from './io.ts'

/** How text is shown on one sink: painted for a terminal, plain everywhere else. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
  /** A time for people: on a terminal with its distance from now, elsewhere as it is (RFC 3339), so that it sorts. */
  readonly time: (iso: string) => string
  /** The same in little space: on a terminal the distance alone. */
  readonly shortTime: (iso: string) => string
}

/** The style of `sink`; `NO_COLOR` (no-color.org) and `TERM=dumb` take the colours away. */
export function toStyle(io: Io, sink: Sink): Style {
  const plain = (text: string) => text
  const { NO_COLOR: noColour = '', TERM: terminal } = io.env
  const isPainted = sink.isTerminal && noColour === '' && terminal !== 'dumb'
  const paint = (code: number) => (isPainted ? (text: string) => `\u001b[${code}m${text}\u001b[0m` : plain)
  return {
    bold: paint(1),
    dim: paint(2),
    good: paint(32),
    warn: paint(33),
    bad: paint(31),
    time: sink.isTerminal ? (iso) => withDistance(iso, io.now()) : plain,
    shortTime: sink.isTerminal ? (iso) => distance(iso, io.now()) ?? iso : plain,
  }
}

function withDistance(iso: string, now: number): string {
  const away = distance(iso, now)
  return away === null ? iso : `${iso} (${away})`
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const
/** Below this many of a unit the next smaller one is still worth saying: `1 h 20 min`, but `43 min`. */
const FEW = 5

/** `in 43 min`, `2 d 3 h ago`, `now`; null when `iso` is no time. */
export function distance(iso: string, now: number): string | null {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return null
  const seconds = Math.round(Math.abs(at - now) / 1000)
  if (seconds === 0) return 'now'
  return at > now ? `in ${toSpan(seconds)}` : `${toSpan(seconds)} ago`
}

/** `43 min`, `2 d 3 h`. */
export function toSpan(seconds: number): string {
  const unit = UNITS.findIndex(([size]) => seconds >= size)
  const [size, name] = UNITS[unit] ?? UNITS[3]
  const count = Math.floor(seconds / size)
  const smaller = UNITS[unit + 1]
  const rest = smaller === undefined ? 0 : Math.floor((seconds % size) / smaller[0])
  return smaller !== undefined && count < FEW && rest > 0
    ? `${count} ${name} ${rest} ${smaller[1]}`
    : `${count} ${name}`
}
