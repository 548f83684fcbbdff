import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'
import { runCommandLine } from '../../../src/cli/run.ts'
import { fakeIo } from '../../support/fake-io.ts'
import { type Service, startService } from '../../support/service.ts'
import { createToken } from '../../support/service-api.ts'

const WEB = 'spiffe://cluster.local/ns/default/sa/web'

/** Runs one command against the service; `out` is what it printed. */
async function run(service: Service, ...words: readonly string[]) {
  const io = fakeIo()
  const exit = await runCommandLine([...words, '--server', service.address('admin')], io)
  return { exit, out: io.out(), err: io.err() }
}

async function exportTo(service: Service, name: string): Promise<string> {
  const { exit, out } = await run(service, 'audit', 'export')
  assert.equal(exit, 0)
  const path = join(service.directory, name)
  writeFileSync(path, out)
  return path
}

test('the record is listed, verified and exported; SIGKILL leaves it whole, and a changed row is named', async () => {
  const first = await startService()
  await createToken(first, WEB)
  const issued = await run(first, 'cert', 'issue', '--identity', WEB, '--out', join(first.directory, 'web'))
  assert.equal(issued.exit, 0, issued.err)
  const listed = JSON.parse((await run(first, 'audit', 'list', '--output', 'json')).out)
  const actions: readonly { action: string; hash: string; previousHash: string }[] = listed.items
  assert.ok(actions.some(({ action }) => action === 'token.create'))
  for (const [i, { previousHash }] of actions.entries()) {
    assert.equal(previousHash, actions[i - 1]?.hash ?? '0'.repeat(64))
  }
  const old = await exportTo(first, 'old.jsonl')
  await first.kill()

  const second = await startService({ directory: first.directory })
  await createToken(second, WEB)
  const verified = JSON.parse((await run(second, 'audit', 'verify', '--output', 'json')).out)
  assert.deepEqual([verified.ok, verified.problem], [true, null])
  const young = await exportTo(second, 'young.jsonl')
  const both = await run(second, 'audit', 'verify', old, young, '--cacert', join(second.data, 'bundle.pem'))
  assert.equal(both.exit, 0, both.out)
  assert.match(readFileSync(young, 'latin1'), /"log":"intents"/)
  await second.stop()

  const db = new Sqlite(join(second.data, 'alcazar.db'))
  db.exec("UPDATE admin_actions SET actor = 'nobody' WHERE action = 'token.create'")
  db.close()
  const third = await startService({ directory: first.directory })
  const caught = await run(third, 'audit', 'verify')
  assert.equal(caught.exit, 1)
  assert.match(caught.out, /row \d+ of actions does not fit/)
  const changed = await run(third, 'audit', 'verify', old, await exportTo(third, 'changed.jsonl'))
  assert.equal(changed.exit, 1)
  await third.stop()
})
