import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { remedyOf } from '../../../../src/ca/rotation/remedy.ts'
import { authority, viewOf } from '../../../support/rotation-view.ts'

const ahead = { notBefore: 500, notAfter: 5000 } as const
const draining = { state: 'draining' } as const
const BELOW = { issuer: 'r2' } as const

const cases: readonly (readonly [string, readonly Authority[], string, string])[] = [
  ['hand back', [authority('r1'), authority('i1', draining), authority('i2', ahead)], 'i2', 'abort i2'],
  [
    'make another below a root that is right',
    [authority('r1'), authority('i2', ahead)],
    'i2',
    'rotate --kind intermediate',
  ],
  [
    'hand back with the root',
    [
      authority('r1', draining),
      authority('i1', draining),
      authority('r2', ahead),
      authority('i2', { ...ahead, ...BELOW }),
    ],
    'i2',
    'abort r2',
  ],
  ['make another root', [authority('r2', ahead), authority('i2', { ...ahead, ...BELOW })], 'i2', 'rotate --kind root'],
  ['make another JWT key', [authority('r2', ahead), authority('j1', ahead)], 'j1', 'rotate --kind jwt'],
]

for (const [what, all, id, want] of cases) {
  test(`an authority that is not valid yet: ${what}`, () => {
    const one = all.find((it) => it.id === id) ?? assert.fail(id)
    const told = remedyOf(viewOf(all), one, 100)
    assert.match(told, /^it is from 1970-01-01T00:08:20.000Z on: set the clock right/)
    assert.ok(told.endsWith(`\`alcazar authority ${want}\``), told)
  })
}
