const NANOS = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
} as const
const NANOS_PER_HOUR = 3_600_000_000_000n
const MAX_NANOS = 2n ** 63n - 1n
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y

/** Nanoseconds of a duration as Go's `time.ParseDuration` reads it (`1m30s`, `1.5h`, `-1s`, `0`), null for anything else. */
export function parseGoDuration(text: string): bigint | null {
  if (text.length > 64) return null
  const negative = text.startsWith('-')
  const body = negative || text.startsWith('+') ? text.slice(1) : text
  if (body === '0') return 0n
  let nanos = 0n
  let end = 0
  while (end < body.length) {
    PART.lastIndex = end
    const match = PART.exec(body)
    const part = match === null ? null : toNanos(match)
    if (part === null) return null
    nanos += part
    end = PART.lastIndex
  }
  if (body === '' || nanos > MAX_NANOS) return null
  return negative ? -nanos : nanos
}

/** Milliseconds of a `timeout` that has been validated. */
export function goDurationMs(text: string): number {
  const nanos = parseGoDuration(text)
  if (nanos === null) throw new TypeError(`not a duration: ${text}`)
  return Number(nanos / 1_000_000n)
}

function toNanos(match: RegExpExecArray): bigint | null {
  const [, whole = '', fraction = '', unit = ''] = match
  if (whole === '' && fraction === '') return null
  const scale = unit === 'h' ? NANOS_PER_HOUR : NANOS[unit as keyof typeof NANOS]
  const part = fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  return BigInt(whole === '' ? 0 : whole) * scale + part
}
