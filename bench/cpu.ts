import { median } from './crypto-floor.ts'

interface Rounds {
  readonly rounds: number
  /** Operations of a round. */
  readonly operations: number
}

/** CPU microseconds of one operation, those of the collector's threads included: the median of several rounds. */
export function measureCpuUs({ rounds, operations }: Rounds, once: (index: number) => void): number {
  for (let i = 0; i < operations; i++) once(i)
  const measured = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < operations; i++) once(i)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / operations
  })
  return median(measured)
}
