import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorityKind } from '../../src/ca/authority.ts'
import fc from '../support/fast-check.ts'
import { anyCommand, perform } from '../support/rotation-commands.ts'
import { RotationModel } from '../support/rotation-model.ts'
import { DAY, newRotationWorld } from '../support/rotation-world.ts'

const RUNS = Number(process.env.ALCAZAR_ROTATION_RUNS ?? 150)

const automatic = fc.constantFrom<readonly AuthorityKind[]>(['intermediate', 'jwt'], ['root', 'intermediate', 'jwt'])
/** Of intermediates and JWT keys: short ones come and go within one run. */
const life = fc.constantFrom(2 * DAY, DAY / 4)
const commands = fc.array(anyCommand, { minLength: 20, maxLength: 60 })

test(`rotation: ${RUNS} sequences of commands, clock jumps and crashes keep what must hold`, async (t) => {
  const seen = new Map<string, number>()
  let steps = 0
  const property = fc.asyncProperty(automatic, life, commands, async (kinds, seconds, list) => {
    const model = await RotationModel.start(
      newRotationWorld({ automatic: kinds, intermediateTtl: seconds, jwtTtl: seconds }),
    )
    for (const command of list) {
      await perform(model, command)
      model.check()
      steps++
    }
    for (const { action } of model.world.store.changes) seen.set(action, (seen.get(action) ?? 0) + 1)
    for (const [code, count] of model.refusals) seen.set(code, (seen.get(code) ?? 0) + count)
  })
  await fc.assert(property, { numRuns: RUNS })
  t.diagnostic(`${steps} steps: ${[...seen].map(([name, count]) => `${name} ${count}`).join(', ')}`)
  for (const action of ['prepare', 'activate', 'retire', 'taint', 'revoke', 'abort']) {
    assert.ok(seen.has(`authority.${action}`), `no ${action} happened`)
  }
})
