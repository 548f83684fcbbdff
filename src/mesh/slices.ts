import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long a piece of work may keep the event loop before decisions and certificates get their turn. */
const SLICE_MS = 5

/** Call what it gives between the steps of long work: it waits a turn of the event loop once a slice is used up. */
export function openSlices(): () => Promise<void> {
  let end = performance.now() + SLICE_MS
  return async () => {
    if (performance.now() < end) return
    await nextTurn()
    end = performance.now() + SLICE_MS
  }
}
