import { randomFillSync } from 'node:crypto'

/** Gives `size` fresh random bytes. */
export type RandomBytes = (size: number) => Buffer

const POOL_BYTES = 4096

/** Random bytes from a pool that the system's generator fills; every byte is given out once. */
export function openRandomPool(): RandomBytes {
  let pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  let used = POOL_BYTES
  return (size) => {
    if (used + size > POOL_BYTES) {
      pool = Buffer.allocUnsafeSlow(POOL_BYTES)
      randomFillSync(pool)
      used = 0
    }
    used += size
    return pool.subarray(used - size, used)
  }
}
