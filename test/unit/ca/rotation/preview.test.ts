import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority, AuthorityKind } from '../../../../src/ca/authority.ts'
import { type Preview, preview, VERBS, type Verb } from '../../../../src/ca/rotation/preview.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { newRotationWorld, type RunningWorld, startWorld } from '../../../support/rotation-world.ts'

const NOTE = { actor: 'somebody', reason: 'a test' }

type World = RunningWorld & { readonly plan: ReturnType<typeof newRotationWorld>['plan'] }

/** One state of the machine, reached by commands. */
type Path = (world: RunningWorld) => Promise<unknown>

async function reach(path: Path): Promise<World> {
  const { plan, ...world } = newRotationWorld()
  const running = await startWorld({ ...world, plan })
  await running.loop.tick()
  await path(running)
  return { ...running, plan }
}

const one = (all: readonly Authority[], kind: AuthorityKind, state: Authority['state']) =>
  all.find((it) => it.kind === kind && it.state === state)?.id ?? assert.fail(`no ${state} ${kind}`)

const rotated =
  (kind: AuthorityKind): Path =>
  async ({ authorities, rotator }) => {
    await rotator.prepare({ ...NOTE, kind })
    await rotator.activate({ ...NOTE, id: one(authorities.list(), kind, 'prepared'), isForced: true })
  }

const paths: readonly (readonly [string, Path])[] = [
  ['the first start', async () => {}],
  ['a prepared root', ({ rotator }) => rotator.prepare({ ...NOTE, kind: 'root' })],
  ['a prepared intermediate', ({ rotator }) => rotator.prepare({ ...NOTE, kind: 'intermediate' })],
  ['a prepared JWT key', ({ rotator }) => rotator.prepare({ ...NOTE, kind: 'jwt' })],
  ['a new root', rotated('root')],
  ['a new intermediate', rotated('intermediate')],
  [
    'a tainted root',
    async (world) => {
      await rotated('root')(world)
      await world.rotator.taint({ ...NOTE, id: one(world.authorities.list(), 'root', 'draining'), isForced: true })
    },
  ],
]

/** The states that the preview tells of, or the code that it refuses with. */
function foretell(world: World, verb: Verb, id: string): Preview | string {
  const moment = { now: Math.floor(Date.UTC(2026, 10, 21) / 1000), live: [] }
  const outlook = { view: world.authorities.view(), moment, plan: { ...world.plan, longestLeafSeconds: 60 } }
  return refusalOf(() => preview(verb, id, outlook))
}

function refusalOf<T>(act: () => T): T | string {
  try {
    return act()
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

for (const [title, path] of paths) {
  for (const verb of VERBS) {
    test(`after ${title}: a dry run of ${verb} tells what the command then does, for every authority`, async () => {
      const { length } = (await reach(path)).authorities.list()
      for (let i = 0; i < length; i++) {
        const world = await reach(path)
        const before = world.authorities.list()
        const { id } = before[i] ?? assert.fail('another number of authorities')
        const foretold = foretell(world, verb, id)
        const refused = await world.rotator[verb]({ ...NOTE, id, isForced: true }).then(
          () => null,
          (error) => error.code,
        )
        if (refused !== null) {
          assert.equal(foretold, refused)
          continue
        }
        assert.ok(typeof foretold === 'object', `${verb} was to be refused: ${foretold}`)
        assert.deepEqual(sorted(foretold.changes), sorted(changesOf(before, world.authorities.list())))
      }
    })
  }
}

test('a dry run tells when nothing is waited for any more, the skew of clocks included', async () => {
  const { authorities, plan } = await reach(({ rotator }) => rotator.prepare({ ...NOTE, kind: 'root' }))
  const now = Math.floor(Date.UTC(2026, 10, 21) / 1000)
  const live = [{ signer: 'i1', sequence: 1, certificates: 2, latestExpiry: now + 600 }]
  const outlook = { view: authorities.view(), moment: { now, live }, plan: { ...plan, longestLeafSeconds: 60 } }
  const told = (verb: Verb) => {
    const { waitingFor, readyAt } = preview(verb, one(authorities.list(), 'root', 'prepared'), outlook)
    return [waitingFor?.latestExpiry, readyAt]
  }
  assert.deepEqual(told('activate'), [now + 600, now + 600 + plan.skewSeconds])
  assert.deepEqual(told('abort'), [undefined, null])
})

function changesOf(before: readonly Authority[], after: readonly Authority[]): Preview['changes'] {
  const known = new Map(before.map(({ id, state }) => [id, state]))
  return after
    .filter(({ id, state }) => known.get(id) !== state)
    .map(({ id, kind, state }) => ({ id: known.has(id) ? id : null, kind, from: known.get(id) ?? null, to: state }))
}

function sorted(changes: Preview['changes']): Preview['changes'] {
  return changes.toSorted((a, b) => `${a.id}`.localeCompare(`${b.id}`))
}
