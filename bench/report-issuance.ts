import { median, quantile } from './crypto-floor.ts'
import { benchIssuance, makeLoad } from './issuance.ts'
import { benchRows } from './rows.ts'

const FEW = 1_000
const MANY = 1_000_000

/** Everything that is measured of issuing, next to the crypto floor of the same run. */
export async function reportIssuance() {
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
  return { cryptoFloorUs: floorUs, issuance, detail }
}
