import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { coalesced } from '../../../src/kernel/coalesced.ts'

/** Work that ends when it is told to. */
function newWork() {
  const begun: string[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const run = coalesced((name: string) => {
    begun.push(name)
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  })
  return { begun, ends, run }
}

test('who calls while it runs waits for one more run, which all who wait share', async () => {
  const { begun, ends, run } = newWork()
  const first = run('first')
  await setImmediate()
  const second = run('second')
  const third = run('third')
  await setImmediate()
  assert.deepEqual(begun, ['first'])
  ends[0]?.resolve()
  await first
  await setImmediate()
  assert.deepEqual(begun, ['first', 'second'])
  ends[1]?.resolve()
  await Promise.all([second, third])
  assert.equal(begun.length, 2)
})

test('a run that fails is told to those who asked for it, and the next one begins all the same', async () => {
  const { ends, run } = newWork()
  const first = run('first')
  await setImmediate()
  const second = run('second')
  ends[0]?.reject(new Error('no'))
  await assert.rejects(first, /no/)
  await setImmediate()
  ends[1]?.resolve()
  await second
})
