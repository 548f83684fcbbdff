import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileHeaderNames } from '../../../src/decide/header-names.ts'

const cases: readonly (readonly [readonly string[], string, boolean])[] = [
  [[], 'x-a', false],
  [['X-A'], 'x-a', true],
  [['x-a'], 'x-ab', false],
  [['x-user-*'], 'x-user-id', true],
  [['x-user-*'], 'ax-user-id', false],
  [['*-ID'], 'x-user-id', true],
  [['*-id'], 'x-user-idx', false],
  [['x-b', '*-id', 'x-c*'], 'x-cd', true],
]
for (const [patterns, name, want] of cases)
  test(`header names: ${patterns.join(' ')} ${want ? 'has' : 'has not'} ${name}`, () =>
    assert.equal(compileHeaderNames(patterns)(name), want))
