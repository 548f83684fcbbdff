import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NearestMiss } from '../../../../src/cli/policy/answer.ts'
import { toNearestSentence } from '../../../../src/cli/policy/nearest-sentence.ts'
import { toReadableRules } from '../../../../src/cli/policy/readable-rules.ts'

const RULE = 'ns[shop]-policy[readers]-rule[0]'
const method = { attribute: 'method', seen: ['POST'], to: 'GET' }
const header = { attribute: 'request.headers[x-env]', seen: [], to: 'test' }
const without = { attribute: 'request.headers[x-bad]', seen: ['a', 'b'], to: null }
const peer = { attribute: 'peer', seen: ['plaintext'], to: 'spiffe://td/ns/any/sa/any' }
const account = { attribute: 'source.serviceAccount', seen: ['spiffe://td/ns/any/sa/any'], to: 'shop/web' }
const token = { attribute: 'request token', seen: ['token refused: expired'], to: null }

const sentences: readonly (readonly [miss: NearestMiss, want: string])[] = [
  [{ changes: [method], allowedBy: RULE }, 'with method=GET (was POST), by shop/readers rule 0'],
  [{ changes: [method, header] }, 'with method=GET (was POST) and request.headers[x-env]=test (was absent)'],
  [{ changes: [without] }, 'without request.headers[x-bad] (was a, b)'],
  [{ changes: [without, method] }, 'with method=GET (was POST) and without request.headers[x-bad] (was a, b)'],
  [{ changes: [peer, account] }, 'with mutual TLS (was plaintext) and source.serviceAccount=shop/web'],
  [{ changes: [token] }, 'without this token'],
]
for (const [miss, want] of sentences) {
  test(`nearest: would be allowed ${want}`, () => assert.equal(toNearestSentence(miss), `would be allowed ${want}`))
}

const rules: readonly (readonly [text: string, want: string])[] = [
  [`denied by ${RULE}`, 'denied by shop/readers rule 0'],
  [`istio-ext-authz-opa-${RULE}: no`, 'shop/readers rule 0 (opa): no'],
  [`istio-ext-authz-a-b-${RULE}-deny-due-to-bad-CUSTOM-action`, 'shop/readers rule 0 (a-b)'],
  ['no ALLOW policy matched', 'no ALLOW policy matched'],
]
for (const [text, want] of rules) test(`rules: ${want}`, () => assert.equal(toReadableRules(text), want))
