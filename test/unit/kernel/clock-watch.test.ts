import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClockWatch, type JumpDirection } from '../../../src/kernel/clock-watch.ts'
import { type Log, silentLog } from '../../../src/kernel/log.ts'

const NOW = Date.UTC(2026, 10, 21)
const DAY = 86_400
const HOUR = 3_600

/** A wall clock that somebody sets, beside a monotonic one that nobody can. */
class SetClock {
  #wall = NOW
  #monotonic = 5_000

  now = () => this.#wall
  monotonic = () => this.#monotonic

  pass(seconds: number): void {
    this.#wall += seconds * 1000
    this.#monotonic += seconds * 1000
  }

  set(seconds: number): void {
    this.#wall += seconds * 1000
  }
}

function open(newestKnown = 0) {
  const clock = new SetClock()
  const events: string[] = []
  const jumps: JumpDirection[] = []
  const note = (event: string, fields?: object) => {
    events.push([event, ...Object.values(fields ?? {}).slice(0, -1)].join(' '))
  }
  const log: Log = { ...silentLog, error: note, info: note }
  const onJump = (direction: JumpDirection) => void jumps.push(direction)
  return { watch: new ClockWatch({ clock, log, toleranceSeconds: 60, newestKnown, onJump }), clock, events, jumps }
}

test('clock watch: time that passes, and small corrections, are nothing to tell', () => {
  const { watch, clock, events } = open()
  for (const correction of [0, 60, -100, 40]) {
    clock.pass(DAY)
    clock.set(correction)
    assert.deepEqual([watch.problems, watch.offSeconds, watch.doubtedUntil], [[], 0, null])
  }
  assert.deepEqual(events, [])
})

test('clock watch: hostile 103: back a day: told once, loudly, until the clock is set right', () => {
  const { watch, clock, events, jumps } = open()
  clock.pass(HOUR)
  clock.set(-DAY)
  assert.match(watch.problems.join(), /^the clock was set back by 86400 s/)
  assert.deepEqual([watch.offSeconds, watch.doubtedUntil], [-DAY, null])
  clock.pass(2 * HOUR)
  assert.equal(watch.problems.length, 1)
  assert.deepEqual([events, jumps], [['clock.jumped back -86400'], ['back']])
  clock.set(DAY)
  assert.deepEqual([watch.problems, watch.offSeconds], [[], 0])
  assert.deepEqual(events.slice(1), ['clock.believed'])
})

test('clock watch: hostile 103: one that stays behind is believed when it shows later times than ever', () => {
  const { watch, clock } = open()
  clock.set(-DAY)
  clock.pass(DAY - 1)
  assert.equal(watch.offSeconds, -DAY)
  clock.pass(1)
  assert.deepEqual([watch.offSeconds, watch.problems], [0, []])
  clock.set(-100)
  assert.equal(watch.offSeconds, -100)
})

test('clock watch: ahead by a day: nothing is concluded from it for an hour', () => {
  const { watch, clock, jumps } = open()
  clock.set(DAY)
  assert.match(watch.problems.join(), /^the clock went forward by 86400 s/)
  assert.equal(watch.doubtedUntil, clock.now() + HOUR * 1000)
  clock.pass(HOUR - 1)
  assert.equal(watch.doubtedUntil, clock.now() + 1000)
  clock.pass(1)
  assert.deepEqual([watch.doubtedUntil, watch.problems, watch.offSeconds], [null, [], 0])
  assert.deepEqual(jumps, ['forward'])
})

test('clock watch: ahead and back again: what it showed meanwhile is forgotten', () => {
  const { watch, clock, jumps } = open()
  clock.set(DAY)
  assert.equal(watch.offSeconds, DAY)
  clock.set(-DAY)
  assert.deepEqual([watch.offSeconds, watch.problems], [0, []])
  clock.set(DAY)
  clock.set(DAY)
  assert.equal(watch.offSeconds, 2 * DAY)
  clock.set(-3 * DAY)
  assert.equal(watch.offSeconds, -DAY)
  assert.deepEqual(jumps, ['forward', 'forward', 'back'])
})

test('clock watch: hostile 103: behind the record at the start', () => {
  const { watch, clock, events } = open(NOW + DAY * 1000)
  assert.deepEqual(events, ['clock.behind_record 86400'])
  assert.match(watch.problems.join(), /^the clock is 86400 s behind the newest time on the record, 2026-11-22T/)
  assert.equal(watch.offSeconds, -DAY)
  clock.pass(DAY - 60)
  assert.deepEqual([watch.problems, watch.offSeconds], [[], 0])
})

test('clock watch: a record of a minute ahead is within what clocks differ', () => {
  const { watch, events } = open(NOW + 60_000)
  assert.deepEqual([watch.problems, events], [[], []])
})
