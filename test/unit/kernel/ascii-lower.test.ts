import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asciiLower } from '../../../src/kernel/ascii-lower.ts'

const cases: readonly (readonly [string, string])[] = [
  ['', ''],
  ['Example.COM:8080', 'example.com:8080'],
  ['ban\u212a.COM', 'ban\u212a.com'],
  ['\u0130STANBUL', '\u0130stanbul'],
  ['\u00c4BC', '\u00c4bc'],
]
for (const [text, want] of cases) test(`${text} is ${want}`, () => assert.equal(asciiLower(text), want))
