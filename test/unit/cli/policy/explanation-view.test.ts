import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, PolicyStep } from '../../../../src/cli/policy/answer.ts'
import { toExplanation } from '../../../../src/cli/policy/explanation-view.ts'
import type { AskOptions } from '../../../../src/cli/policy/options.ts'
import { toStyle } from '../../../../src/cli/style.ts'
import { fakeIo } from '../../../support/fake-io.ts'
import fc from '../../../support/fast-check.ts'

const io = fakeIo()
const style = toStyle(io, io.stdout)
const options: AskOptions = {
  workload: 'shop/web',
  source: 'shop/frontend',
  sourceIp: '127.0.0.1',
  port: 8080,
  method: 'POST',
  path: '/api',
  host: 'shop',
}

type Step = NonNullable<Answer['trace']>[number]

function step(name: string, more: Partial<PolicyStep> = {}): PolicyStep {
  const mismatch = {
    field: 'to[0].operation.methods',
    attribute: 'method',
    wanted: ['GET'],
    negative: false,
    seen: ['POST'],
  }
  const rules = [{ rule: 0, name: `ns[shop]-policy[${name}]-rule[0]`, matched: false, mismatch }]
  return {
    phase: 'authorization',
    policy: `shop/${name}`,
    action: 'ALLOW',
    dryRun: false,
    matched: false,
    rules,
    ...more,
  }
}

function denied(policies: readonly PolicyStep[], more: Partial<Answer> = {}): Answer {
  const peer: Step = { phase: 'peer', mode: 'PERMISSIVE', policies: [], result: 'accepted without identity' }
  const request: Step = { phase: 'request', policies: [], method: 'POST', path: '/api', host: 'shop', result: 'none' }
  const trace: Step[] = [peer, request, ...policies]
  return { decision: 'deny', status: 403, phase: 'authorization', reason: 'no ALLOW policy matched', trace, ...more }
}

test('of many policies those that decide are shown, then the closest, in their order', () => {
  const many = Array.from({ length: 40 }, (_, i) => step(`p${i}`, i < 30 ? { action: 'DENY' } : {}))
  const nearest = { changes: [], allowedBy: 'ns[shop]-policy[p39]-rule[0]' }
  const lines = toExplanation(denied(many, { nearestMiss: nearest }), { options, style }).split('\n')
  const shown = lines.filter((line) => line.includes('shop/p')).map((line) => line.split(/ +/)[3])
  assert.equal(shown.length, 12 + 1) // the nearest miss names one again
  assert.deepEqual(
    shown.slice(2, 12),
    ['30', '31', '32', '33', '34', '35', '36', '37', '38', '39'].map((n) => `shop/p${n}`),
  )
  assert.ok(lines.some((line) => line.includes('… and 28 more (use --output json)')))
})

test('hostile 102: whatever a policy or a request holds, a screen is not left and no terminal is moved', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), text, text, (names, path, to) => {
      const nearestMiss = { changes: [{ attribute: 'path', seen: [path, path], to }] }
      const answer = denied(
        names.map((name) => step(name)),
        { reason: to, nearestMiss },
      )
      const view = toExplanation(answer, { options: { ...options, path }, style })
      const lines = view.split('\n')
      assert.equal(lines.pop(), '')
      assert.ok(lines.length <= 24, `${lines.length} lines`)
      for (const line of lines) {
        assert.ok(line.length <= 100, line)
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
      }
    }),
  )
})

test('a phase that is not reached is said to be so', () => {
  const trace: Step[] = [{ phase: 'peer', mode: 'STRICT', policies: ['istio-system/default'], result: 'refused' }]
  const closed: Answer = {
    decision: 'reject',
    phase: 'peer',
    reason: 'plaintext',
    trace: [...trace],
    nearestMiss: null,
  }
  const view = toExplanation(closed, { options, style })
  assert.match(view, /^✗ deny: plaintext\n/)
  assert.match(view, /Policies {2}not reached\n/)
  assert.match(view, /Nearest: no small change/)
})
