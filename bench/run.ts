import { parseArgs } from 'node:util'
import { median, quantile } from './crypto-floor.ts'
import { benchIssuance, makeLoad } from './issuance.ts'
import { benchRows } from './rows.ts'

// npm run bench -- [--only issuance] [--output json]: measures the hot paths next to the crypto floor of the same run.

const FEW = 1_000
const MANY = 1_000_000

const { values } = parseArgs({
  options: { only: { type: 'string', default: 'issuance' }, output: { type: 'string', default: 'table' } },
})
if (values.only !== 'issuance') {
  process.stderr.write(`there is no bench \`${values.only}\`; known: issuance\n`)
  process.exit(2)
}
const load = makeLoad()
const measured = await benchIssuance(load)
const few = await benchRows(FEW, load)
const many = await benchRows(MANY, load)

const { floorUs, rounds, latencies, fsyncs } = measured
const cpuUs = (of: readonly { readonly cpuUs: number }[]) => median(of.map((round) => round.cpuUs))
const perSecond = (of: readonly { readonly perSecond: number }[]) => median(of.map((round) => round.perSecond))
const issuance = {
  grpcCpuUs: cpuUs(rounds.grpc),
  restCpuUs: cpuUs(rounds.rest),
  grpcP50Ms: median(latencies.grpc),
  grpcP99Ms: quantile(latencies.grpc, 0.99),
  restP50Ms: median(latencies.rest),
  restP99Ms: quantile(latencies.rest, 0.99),
  rssMb: measured.rssMb,
  startMs: many.startMs,
}
/** What the figures are held against. */
const detail = {
  grpcFloors: issuance.grpcCpuUs / floorUs,
  restFloors: issuance.restCpuUs / floorUs,
  grpcMaxPerSecond: perSecond(rounds.grpc),
  restMaxPerSecond: perSecond(rounds.rest),
  fsyncP50Ms: median(fsyncs),
  fsyncP99Ms: quantile(fsyncs, 0.99),
  rssHalfMb: measured.rssHalfMb,
  rows: [few, many],
}
const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)
if (values.output === 'json') {
  process.stdout.write(`${JSON.stringify({ cryptoFloorUs: floorUs, issuance, detail }, rounded, 2)}\n`)
} else {
  const { rows, ...others } = detail
  const named = rows.flatMap((row) => Object.entries(row).map(([name, value]) => [`${name} (${row.rows} rows)`, value]))
  const lines = [['cryptoFloorUs', floorUs], ...Object.entries(issuance), ...Object.entries(others), ...named]
  for (const [name, value] of lines as [string, number][]) {
    process.stdout.write(`${name.padEnd(34)} ${value.toFixed(3).padStart(12)}\n`)
  }
}
