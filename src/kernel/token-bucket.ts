/** A token bucket in monotonic milliseconds: `rate` tokens a second, at most one second's worth (and at least one) at once. */
interface Bucket {
  tokens: number
  at: number
}

/** Takes one token; 0 when it was there, otherwise the seconds until it will be. */
export type TakeToken = (key: string, now: number) => number

const SWEEP_EVERY_MS = 10_000

/** Token buckets by key; those that are full again are forgotten, so memory follows the callers of the last seconds. */
export function openTokenBuckets(rate: () => number | null): TakeToken {
  const buckets = new Map<string, Bucket>()
  let sweptAt = 0
  return (key, now) => {
    const perSecond = rate()
    if (perSecond === null) return 0
    if (now - sweptAt > SWEEP_EVERY_MS) {
      sweptAt = now
      sweep(buckets, perSecond, now)
    }
    const burst = Math.max(1, perSecond)
    const bucket = buckets.get(key)
    if (bucket === undefined) {
      buckets.set(key, { tokens: burst - 1, at: now })
      return 0
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1000)
    bucket.at = now
    if (bucket.tokens < 1) return (1 - bucket.tokens) / perSecond
    bucket.tokens -= 1
    return 0
  }
}

function sweep(buckets: Map<string, Bucket>, perSecond: number, now: number): void {
  const burst = Math.max(1, perSecond)
  for (const [key, bucket] of buckets) {
    if (bucket.tokens + ((now - bucket.at) * perSecond) / 1000 >= burst) buckets.delete(key)
  }
}
