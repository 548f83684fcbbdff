import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CODES } from '../../../src/kernel/errors.ts'
import type { MetricsSources, ObservedAuthority } from '../../../src/telemetry/instruments.ts'
import { type Metrics, openMetrics } from '../../../src/telemetry/metrics.ts'

const SOURCES: MetricsSources = {
  version: '1.2.3',
  authorities: () => [],
  queueDepth: () => 7,
  bundleSequence: () => 3,
  renewalBlocked: () => false,
  servingCertificateExpiry: () => 1_800_000_000,
  authorityImport: () => null,
  clockOff: () => 0,
  federation: () => [],
  crls: () => [],
  resources: () => ({ version: 0, counts: new Map(), watched: [] }),
  connections: () => new Map([['grpc', () => 5]]),
}

async function linesAfter(use: (metrics: Metrics) => void, sources = SOURCES): Promise<string[]> {
  const metrics = openMetrics(sources)
  use(metrics)
  const { body } = await metrics.render()
  return body.split('\n')
}

const cases: readonly (readonly [string, (metrics: Metrics) => void, readonly string[]])[] = [
  [
    'what is read at the scrape',
    () => {},
    [
      'alcazar_record_queue_depth 7',
      'alcazar_bundle_sequence 3',
      'alcazar_clock_off_seconds 0',
      'alcazar_clock_jumps_total{direction="forward"} 0',
      'alcazar_serving_certificate_expiry_timestamp_seconds 1800000000',
      'alcazar_connections{listener="grpc"} 5',
      'alcazar_build_info{version="1.2.3"} 1',
    ],
  ],
  [
    'an issued certificate',
    (metrics) => metrics.certificateIssued('jwt', 0.004),
    [
      'alcazar_certificates_total{attestor="jwt",outcome="issued"} 1',
      'alcazar_issue_seconds_bucket{le="0.005",outcome="issued"} 1',
      'alcazar_issue_seconds_bucket{le="0.002",outcome="issued"} 0',
      'alcazar_issue_seconds_sum{outcome="issued"} 0.004',
    ],
  ],
  [
    'a refusal by what the caller sent',
    (metrics) => metrics.certificateRefused('none', 'auth.missing', 0.001),
    [
      'alcazar_certificates_total{attestor="none",outcome="refused"} 1',
      'alcazar_refusals_total{code="auth.missing"} 1',
    ],
  ],
  [
    'a failure of ours',
    (metrics) => metrics.certificateRefused('admin', 'issue.not_recorded', 0.001),
    [
      'alcazar_certificates_total{attestor="admin",outcome="failed"} 1',
      'alcazar_refusals_total{code="issue.not_recorded"} 1',
    ],
  ],
  [
    'a refusal by a limit',
    (metrics) => metrics.certificateRefused('jwt', 'limit.rate', 0.001),
    ['alcazar_limit_hits_total{limit="rate"} 1', 'alcazar_refusals_total{code="limit.rate"} 1'],
  ],
  [
    'a clock that was set (hostile 103)',
    (metrics) => metrics.clockJumped('back'),
    ['alcazar_clock_jumps_total{direction="back"} 1'],
  ],
  ['a limit of the transport', (metrics) => metrics.limitHit('body'), ['alcazar_limit_hits_total{limit="body"} 1']],
  [
    'an HTTP request',
    (metrics) => metrics.httpRequest('/v1/issued/:serial', 404, 0.1),
    ['alcazar_http_request_seconds_count{route="/v1/issued/:serial",status="404"} 1'],
  ],
  [
    'a group of rows',
    (metrics) => metrics.storeGroup(12, 0.003),
    [
      'alcazar_store_group_size_sum 12',
      'alcazar_store_group_seconds_sum 0.003',
      'alcazar_store_group_size_bucket{le="8"} 0',
    ],
  ],
  [
    'reloads',
    (metrics) => metrics.configReloaded('refused'),
    ['alcazar_config_reloads_total{outcome="refused"} 1', 'alcazar_config_reloads_total{outcome="applied"} 0'],
  ],
  ['lost log lines', (metrics) => metrics.logLost(), ['alcazar_log_lost_total 1']],
]
for (const [what, use, want] of cases) {
  test(`metrics: ${what}`, async () => {
    const lines = await linesAfter(use)
    for (const line of want) assert.ok(lines.includes(line), `${line}\nnot in\n${lines.join('\n')}`)
  })
}

test('metrics: every code is 0 before it happens', async () => {
  const lines = await linesAfter(() => {})
  for (const code of Object.keys(CODES)) assert.ok(lines.includes(`alcazar_refusals_total{code="${code}"} 0`), code)
})

test('metrics: the expiry of every authority, and none that is gone', async () => {
  const root: ObservedAuthority = { id: 'aa', kind: 'root', state: 'active', notAfter: 100 }
  let authorities = [root, { ...root, id: 'bb', state: 'draining' as const }]
  const metrics = openMetrics({ ...SOURCES, authorities: () => authorities })
  const name = 'alcazar_authority_expiry_timestamp_seconds'
  assert.ok((await metrics.render()).body.includes(`${name}{id="bb",kind="root",state="draining"} 100`))
  authorities = [root]
  const { body } = await metrics.render()
  assert.ok(body.includes(`${name}{id="aa",kind="root",state="active"} 100`))
  assert.ok(!body.includes('bb'))
})

test('metrics: two services in one process do not share', async () => {
  const [one, other] = [openMetrics(SOURCES), openMetrics(SOURCES)]
  one.limitHit('body')
  assert.ok(!(await other.render()).body.includes('limit="body"'))
  assert.match((await other.render()).contentType, /^text\/plain/)
})

test('metrics: the process tells of itself', async () => {
  const lines = await linesAfter(() => {})
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.ok(
      lines.some((line) => line.startsWith(name)),
      name,
    )
  }
})

test('metrics: when each CRL expires, and those that could not be signed', async () => {
  const crls = () =>
    [
      { authority: 'aa', kind: 'root', nextUpdate: null, isOk: false },
      { authority: 'bb', kind: 'intermediate', nextUpdate: 1_795_316_400, isOk: true },
    ] as const
  const lines = await linesAfter(() => {}, { ...SOURCES, crls })
  assert.deepEqual(
    lines.filter((line) => line.startsWith('alcazar_crl_')),
    [
      'alcazar_crl_next_update_timestamp_seconds{id="bb",kind="intermediate"} 1795316400',
      'alcazar_crl_ok{id="aa",kind="root"} 0',
      'alcazar_crl_ok{id="bb",kind="intermediate"} 1',
    ],
  )
})
