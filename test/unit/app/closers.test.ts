import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Closers } from '../../../src/app/closers.ts'
import { silentLog } from '../../../src/kernel/log.ts'

test('what was opened last is closed first, one after the other, and once', async () => {
  const closed: string[] = []
  const closers = new Closers(silentLog)
  closers.add('store', async () => {
    await setImmediate()
    closed.push('store')
  })
  closers.add('rotation', async () => {
    await setImmediate()
    closed.push('rotation')
  })
  closers.add('timer', () => void closed.push('timer'))
  assert.deepEqual(await closers.close(), [])
  assert.deepEqual(closed, ['timer', 'rotation', 'store'])
  assert.deepEqual(await closers.close(), [])
  assert.equal(closed.length, 3)
})

test('one that fails is told, and keeps nothing open', async () => {
  const closed: string[] = []
  const told: unknown[] = []
  const closers = new Closers({ ...silentLog, error: (event, fields) => void told.push([event, fields]) })
  const error = new Error('the disk is full')
  closers.add('store', () => void closed.push('store'))
  closers.add('rotation', () => Promise.reject(error))
  closers.add('timer', () => {
    throw error
  })
  assert.deepEqual(await closers.close(), [error, error])
  assert.deepEqual(closed, ['store'])
  assert.deepEqual(told, [
    ['service.part_not_closed', { part: 'timer', error }],
    ['service.part_not_closed', { part: 'rotation', error }],
  ])
})
