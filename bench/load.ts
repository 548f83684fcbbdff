import { setTimeout as sleep } from 'node:timers/promises'

/** Runs `operation` `count` times with `concurrency` at once; the operations a second. */
export async function closedLoop(
  count: number,
  concurrency: number,
  operation: (index: number) => Promise<void>,
): Promise<number> {
  let next = 0
  const started = performance.now()
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await operation(index)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return count / ((performance.now() - started) / 1000)
}

/** Starts `count` operations at `rate` a second, whether the earlier ones have ended or not; their latencies in milliseconds. */
export async function openLoop(
  count: number,
  rate: number,
  operation: (index: number) => Promise<void>,
): Promise<number[]> {
  const latencies: number[] = []
  const running: Promise<void>[] = []
  const started = performance.now()
  for (let index = 0; index < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * rate))
    for (; index < due; index++) {
      const begun = performance.now()
      running.push(operation(index).then(() => void latencies.push(performance.now() - begun)))
    }
    await sleep(1)
  }
  await Promise.all(running)
  return latencies
}
