import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/kernel/clock.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { GroupQueue } from '../../../src/store/group-queue.ts'
import type { GroupMessage } from '../../../src/store/protocol.ts'
import { anIntent } from '../../support/store.ts'

/** A queue whose groups are answered by hand. */
function openQueue() {
  const sent: GroupMessage[] = []
  const queue = new GroupQueue({
    capacity: () => null,
    clock: systemClock,
    send: (group) => void sent.push(group),
    written: () => {},
  })
  return { queue, sent, intentsSent: () => sent.reduce((sum, { intents }) => sum + intents.count, 0) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('group queue: all is sent only when everything that waited is, however many groups that takes', async () => {
  const { queue, sent, intentsSent } = openQueue()
  const recorded = Array.from({ length: 1_300 }, () => queue.recordIntent(anIntent()))
  let seenAtEnd: number | null = null
  const all = queue.allSent().then(() => {
    seenAtEnd = intentsSent()
  })
  let firstId = 1
  for (let answered = 0; answered < 3; answered++) {
    await turn()
    const group = sent[answered]
    assert.ok(group !== undefined, 'the next group is sent without waiting for anything else')
    if (answered < 2) assert.equal(seenAtEnd, null)
    queue.written({ firstId, refused: [] })
    firstId += group.intents.count
  }
  await all
  assert.equal(seenAtEnd, 1_300)
  assert.equal((await Promise.all(recorded)).at(-1), 1_300)
})

test('group queue: nobody waits for what was refused meanwhile', async () => {
  const { queue } = openQueue()
  const refusal = new AppError('issue.not_recorded', 'down')
  const recorded = Array.from({ length: 600 }, () => queue.recordIntent(anIntent()).catch((error: unknown) => error))
  const all = queue.allSent()
  queue.refuse(refusal)
  queue.failed(refusal)
  await all
  assert.deepEqual(new Set(await Promise.all(recorded)), new Set([refusal]))
})
