import { Counter, Gauge, type Registry } from 'prom-client'
import { JUMP_DIRECTIONS } from '../kernel/clock-watch.ts'

/** How far the wall clock is off, read at each scrape, and the counter of the times that it was set. */
export function buildClockInstruments(registry: Registry, offSeconds: () => number): Counter<'direction'> {
  const registers = [registry]
  new Gauge({
    name: 'alcazar_clock_off_seconds',
    help: 'Seconds that the wall clock is ahead of what it should show, negative where it is behind.',
    registers,
    collect() {
      this.set(offSeconds())
    },
  })
  const jumps = new Counter({
    name: 'alcazar_clock_jumps_total',
    help: 'Times that the wall clock was set by more than authority.skew, by direction.',
    labelNames: ['direction'],
    registers,
  })
  for (const direction of JUMP_DIRECTIONS) jumps.inc({ direction }, 0)
  return jumps
}
