import { AppError } from '../../kernel/errors.ts'

/**
 * Lets at most `width` works run at once and the others wait in their order; rejects with `limit.queue` where `depth` of
 * them wait already.
 */
export function openLanes(width: number, depth: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next() // takes the lane over
  }
  return async (work) => {
    if (running < width) running++
    else if (waiting.length < depth) await new Promise<void>((resolve) => waiting.push(resolve))
    else
      throw new AppError('limit.queue', 'too many signatures wait for the token: try again', { retryAfterSeconds: 1 })
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
