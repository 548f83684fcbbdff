import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildCore, type Core } from '../../../src/app/core.ts'
import { resolveConfig } from '../../../src/config/load-config.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import { newDirectory } from '../../support/service.ts'

const DAY = 86_400_000
const NOTE = { actor: 'somebody', reason: 'a test' }

let set = 0
const clock: Clock = { now: () => Date.now() + set, monotonic: () => performance.now() }
const dataDir = newDirectory()
let core: Core

const start = (): Promise<Core> => {
  const authority = { root: { ttl: '200d' } }
  const config = resolveConfig({ dataDir, authority, log: { level: 'error' } }, { env: {} })
  return buildCore(config, { clock, terminal: false, env: {}, version: '0' })
}

before(async () => {
  core = await start()
})
after(async () => {
  await core.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Ids that there are files for. */
async function files(folder: 'keys' | 'authorities'): Promise<readonly string[]> {
  return (await readdir(join(dataDir, folder))).map((name) => name.replace(/\.(key|crt)$/, '')).sort()
}

function ids(isWanted: (state: string, kind: string) => boolean): readonly string[] {
  const all = core.authorities.list().filter(({ state, kind }) => isWanted(state, kind))
  return all.map(({ id }) => id).sort()
}

async function restart(): Promise<void> {
  await core.close()
  core = await start()
}

test('keys of authorities that have gone leave the disk, their certificates stay', async () => {
  const { rotator, loop } = core.rotation
  const { id } = await rotator.prepare({ kind: 'root', ...NOTE })
  assert.ok((await files('keys')).includes(id))
  await rotator.abort({ id, ...NOTE })
  await loop.tick()
  assert.deepEqual(
    await files('keys'),
    ids((state) => state === 'active'),
  )
  assert.deepEqual(
    await files('authorities'),
    ids((_, kind) => kind !== 'jwt'),
  )
})

test('killed before its key was destroyed: the next start does it', async () => {
  const { id } = await core.rotation.rotator.prepare({ kind: 'root', ...NOTE })
  const release = core.rotation.holdKeys() // as if it were killed right behind the transaction
  await core.rotation.rotator.abort({ id, ...NOTE })
  await core.rotation.loop.tick()
  assert.ok((await files('keys')).includes(id))
  await restart()
  release()
  assert.equal((await files('keys')).includes(id), false)
})

test('long after their end they are gone from the list, the files, the metrics and the database', async () => {
  const old = ids((state) => state === 'retired')
  assert.equal(old.length, 2)
  await core.close()
  set = 231 * DAY // all have expired, and retention is over
  core = await start()
  await core.rotation.loop.tick()
  const known = new Set(core.authorities.list().map(({ id }) => id))
  assert.ok(old.every((id) => !known.has(id)))
  assert.deepEqual(
    await files('authorities'),
    ids((_, kind) => kind !== 'jwt'),
  )
  const { body } = await core.metrics.render()
  assert.ok(old.every((id) => !body.includes(id)))
  await restart()
  assert.ok(core.authorities.list().every(({ id }) => !old.includes(id)))
  const [last] = (await core.store.listAdminActions({ limit: 50 })).items.filter(
    ({ action }) => action === 'authority.forget',
  )
  assert.deepEqual([last?.actor, last?.target.split(' ').sort()], ['alcazar', old])
})
