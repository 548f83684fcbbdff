import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { databaseFile, testStore } from '../../support/store.ts'

const CHILD = join(import.meta.dirname, '../../support/store-child.ts')
/** A process whose files may not grow (EFBIG) meets the same failed write as on a full disk, and needs no root. */
const LIMITED = `trap '' XFSZ; ulimit -S -f 600; exec "$0" "$@"`
const RAISE = 'prlimit' // of util-linux
const canRaise = spawnSync('sh', ['-c', `${RAISE} --version`]).status === 0

test('hostile 104: no space: refused and health red; space again: recorded, by itself', {
  skip: !canRaise,
}, async (t) => {
  const file = await databaseFile(t)
  const child = spawn('sh', ['-c', LIMITED, process.execPath, CHILD, file, '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const recorded: string[] = []
  let refused = 0
  let recordedAfter = 0
  for await (const line of createInterface(child.stdout)) {
    const [word, what = '', healthy] = line.split(' ')
    if (word === 'recorded') {
      recorded.push(what)
      if (refused > 0) recordedAfter++
      if (recordedAfter === 20) child.kill('SIGKILL')
      continue
    }
    assert.equal(what, 'issue.not_recorded')
    assert.equal(healthy, 'false')
    refused++
    if (refused === 12) spawnSync('sh', ['-c', `${RAISE} --pid ${child.pid} --fsize=unlimited`])
  }
  assert.ok(refused >= 12 && recorded.length > 20, `${refused} refused, ${recorded.length} recorded`)
  const { store } = await testStore(t, { file })
  for (const serial of recorded) assert.equal((await store.listIssued({ serial, limit: 1 })).items.length, 1)
})
