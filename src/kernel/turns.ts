import { AppError } from './errors.ts'

/** How many may wait: each may hold a body of many megabytes. */
const MAX_WAITING = 32

/** Runs what it is given one after the other, in the order of the calls; rejects with `limit.queue` when too many wait. */
export function openTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return (work) => {
    if (waiting >= MAX_WAITING) {
      const error = new AppError('limit.queue', 'too many changes wait: try again', {
        retryAfterSeconds: 1,
      })
      return Promise.reject(error)
    }
    waiting++
    const turn = last.then(work).finally(() => waiting--)
    last = turn.catch(() => undefined) // its caller hears of it; the next one's turn comes all the same
    return turn
  }
}
