import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Authority, AuthorityKind } from '../../src/ca/authority.ts'
import type { Intent } from '../../src/ca/record.ts'
import { type Log, silentLog } from '../../src/kernel/log.ts'
import { newRotationWorld, type RotationWorld, type RunningWorld, startWorld } from './rotation-world.ts'
import { anIntent } from './store.ts'

export const NOTE = { actor: 'somebody', reason: 'a test' }
export const UNFORCED = { ...NOTE, isForced: false }
export const HOUR_MS = 3_600_000

/** A service after its first look. */
export interface Started extends RunningWorld {
  readonly world: RotationWorld
  /** Events of level error. */
  readonly errors: string[]
}

export async function start(change: Parameters<typeof newRotationWorld>[0] = {}): Promise<Started> {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (event) => void errors.push(event) }
  const world = newRotationWorld(change, log)
  const running = await startWorld(world)
  await running.loop.tick()
  return { ...running, world, errors }
}

/** The authority of this kind and state. */
export function one(
  { authorities }: RunningWorld,
  kind: AuthorityKind,
  state: Authority['state'] = 'active',
): Authority {
  return authorities.list().find((it) => it.kind === kind && it.state === state) ?? assert.fail(`no ${state} ${kind}`)
}

/** A certificate of the active intermediate that lives for an hour. */
export function issue({ world, authorities }: Started, change: Partial<Intent> = {}): Intent {
  const now = Math.floor(world.clock.now() / 1000)
  const { chain } = authorities.issuing(now)
  const { authority, bundleSequence } = chain
  const intent = anIntent({ serial: randomBytes(16), authority, bundleSequence, notAfter: now + 3600, ...change })
  world.uptake.intents.push(intent)
  return intent
}
