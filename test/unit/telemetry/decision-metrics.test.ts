import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { buildDecisionInstruments } from '../../../src/telemetry/decision-instruments.ts'
import { type DecisionMetrics, toDecisionMetrics } from '../../../src/telemetry/decision-metrics.ts'
import { decidedEvent } from '../../support/decisions.ts'

async function linesAfter(use: (metrics: DecisionMetrics) => void): Promise<string[]> {
  const registry = new Registry()
  use(toDecisionMetrics(buildDecisionInstruments(registry)))
  return (await registry.metrics()).split('\n')
}

const refused = { decision: 'deny', cause: 'rbac', status: 403, policy: 'ns[default]-policy[web]-rule[10]' } as const
const rejected = { decision: 'reject', cause: 'no_filter_chain', phase: 'peer' } as const

const cases: readonly (readonly [string, (metrics: DecisionMetrics) => void, readonly string[]])[] = [
  [
    'an allowed request',
    (metrics) => metrics.decided(decidedEvent()),
    [
      'alcazar_decisions_total{outcome="allow",cause="allowed"} 1',
      'alcazar_decisions_total{outcome="deny",cause="rbac"} 0',
      'alcazar_decision_seconds_bucket{le="0.00005"} 1',
      'alcazar_decision_seconds_bucket{le="0.00001"} 0',
    ],
  ],
  [
    'a refusal, by its policy and not by its rule',
    (metrics) => metrics.decided(decidedEvent(refused)),
    [
      'alcazar_decisions_total{outcome="deny",cause="rbac"} 1',
      'alcazar_denies_total{workload="default/web",policy="ns[default]-policy[web]"} 1',
    ],
  ],
  [
    'a refusal without a policy',
    (metrics) => metrics.decided(decidedEvent(rejected)),
    ['alcazar_denies_total{workload="default/web",policy="none"} 1'],
  ],
  [
    'a question without a decision',
    (metrics) => metrics.undecided('decision.workload_ambiguous'),
    [
      'alcazar_undecided_total{code="decision.workload_ambiguous"} 1',
      'alcazar_undecided_total{code="auth.forbidden"} 0',
    ],
  ],
  [
    'a question to a provider',
    (metrics) => metrics.providerAsked('ext', 'failed', 0.6),
    [
      'alcazar_provider_asks_total{provider="ext",outcome="failed"} 1',
      'alcazar_provider_seconds_bucket{le="1",provider="ext"} 1',
    ],
  ],
  ['keys', (metrics) => metrics.jwksFetchFailed(), ['alcazar_jwks_fetch_failures_total 1']],
  ['lost lines', (metrics) => metrics.decisionLogLost(3), ['alcazar_decision_log_lost_total 3']],
]
for (const [what, use, want] of cases)
  test(`decision metrics: ${what}`, async () => {
    const lines = await linesAfter(use)
    for (const line of want) assert.ok(lines.includes(line), `${line}\nnot in\n${lines.join('\n')}`)
  })

test('decision metrics: counts go on between scrapes, and refusals have a bounded number of series', async () => {
  const registry = new Registry()
  const metrics = toDecisionMetrics(buildDecisionInstruments(registry))
  for (let i = 0; i < 1_200; i++)
    metrics.decided(decidedEvent({ ...refused, policy: `ns[default]-policy[p${i}]-rule[0]` }))
  for (let scrape = 0; scrape < 2; scrape++) {
    const series = (await registry.metrics()).split('\n').filter((line) => line.startsWith('alcazar_denies_total'))
    assert.equal(series.length, 1_001)
    assert.equal(series.at(-1), 'alcazar_denies_total{workload="other",policy="other"} 200')
  }
})
