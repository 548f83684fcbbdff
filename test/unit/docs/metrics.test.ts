import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { parse } from 'yaml'
import { buildInstruments } from '../../../src/telemetry/instruments.ts'
import { codeRows, readDoc } from '../../support/markdown.ts'

interface Instrument {
  readonly name: string
  readonly type: string
  readonly labelNames: readonly string[]
}

const registry = new Registry()
buildInstruments(registry, {
  version: '1.2.3',
  authorities: () => [],
  queueDepth: () => 0,
  bundleSequence: () => 1,
  renewalBlocked: () => false,
  servingCertificateExpiry: () => 0,
  authorityImport: () => null,
  clockOff: () => 0,
  federation: () => [],
  crls: () => [],
  resources: () => ({ version: 0, counts: new Map(), watched: [] }),
  connections: () => new Map(),
})
const instruments = (await registry.getMetricsAsJSON()).map(({ name, type }) => ({
  name,
  type: String(type),
  labelNames: labelNamesOf(registry.getSingleMetric(name)),
}))

function labelNamesOf(metric: unknown): readonly string[] {
  assert.ok(typeof metric === 'object' && metric !== null && 'labelNames' in metric && Array.isArray(metric.labelNames))
  return metric.labelNames.map(String)
}

test('docs/metrics.md has every metric of ours, and no other', () => {
  const documented = codeRows(readDoc('metrics.md')).map(([name]) => name)
  assert.ok(instruments.length > 10)
  assert.deepEqual(documented.toSorted(), instruments.map(({ name }) => name).toSorted())
})

for (const { name, type, labelNames } of instruments satisfies readonly Instrument[]) {
  test(`docs/metrics.md: ${name} has its type and labels`, () => {
    const [, typeCell, labelsCell] = codeRows(readDoc('metrics.md')).find(([documented]) => documented === name) ?? []
    assert.equal(typeCell, type)
    assert.deepEqual((labelsCell ?? '').match(/\w+/g) ?? [], labelNames)
  })
  test(`${name} follows the naming of Prometheus`, () => {
    assert.match(name, /^alcazar_[a-z]+(_[a-z]+)*$/)
    assert.equal(name.endsWith('_total'), type === 'counter')
  })
}

/** The rules of docs/alerts.yml; throws where one lacks what Prometheus or a reader needs. */
function readAlerts(): { alert: string; expr: string }[] {
  const { groups } = parse(readDoc('alerts.yml')) as { groups: { rules: Record<string, unknown>[] }[] }
  return groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr, labels, annotations }) => {
      assert.ok(typeof alert === 'string' && typeof expr === 'string')
      assert.match(JSON.stringify(labels), /"severity":"(warning|critical)"/, alert)
      assert.match(JSON.stringify(annotations), /"summary":.*"action":/, alert)
      return { alert, expr }
    }),
  )
}

const alerts = readAlerts()

test('docs/alerts.yml has rules, each name once', () => {
  assert.ok(alerts.length >= 5)
  assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length)
})

for (const { alert, expr } of alerts) {
  test(`docs/alerts.yml: ${alert} asks for metrics and labels that exist`, () => {
    const asked = [...expr.matchAll(/(alcazar_\w+)(?:\{([^}]*)\})?/g)]
    assert.ok(asked.length > 0)
    for (const [, name = '', matchers = ''] of asked) {
      const instrument = instruments.find((known) => seriesOf(known).includes(name))
      assert.ok(instrument !== undefined, `${name} does not exist`)
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]/g))
        assert.ok(instrument.labelNames.includes(label), label)
    }
  })
}

function seriesOf({ name, type }: Instrument): readonly string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
}
