import { measureCryptoFloor } from './crypto-floor.ts'
import { benchCompile } from './decisions-compile.ts'
import { benchInProcess } from './decisions-in-process.ts'
import { benchMemory } from './decisions-memory.ts'
import { BLOCK, crowdedWorkload, manyWorkloads } from './decisions-mix.ts'
import { benchPeers } from './decisions-peers.ts'
import { benchServer } from './decisions-server.ts'

const WORKLOADS = 1_000
const CROWD = 1_000

/** Everything that is measured of decisions, next to the crypto floor of the same run. */
export async function benchDecisions() {
  const workloads = manyWorkloads(WORKLOADS)
  const few = crowdedWorkload(BLOCK)
  const inProcessUs10Policies = benchInProcess([few], 'in bursts')
  const inProcessUs1000Policies = benchInProcess([crowdedWorkload(CROWD)], 'scattered')
  const inProcessUs10000Policies = benchInProcess(workloads, 'in bursts')
  const scattered = benchInProcess(workloads, 'scattered')
  const peers = await benchPeers(few)
  const compiled = await benchCompile(workloads)
  const inProcessFloorUs = measureCryptoFloor(3)
  const memory = await benchMemory(workloads)
  const server = await benchServer()
  const { floorUs } = server
  return {
    cryptoFloorUs: floorUs,
    decisions: {
      inProcessUs10Policies,
      inProcessUs1000Policies,
      inProcessUs10000Policies,
      extAuthzGrpcCpuUs: server.grpcCpuUs,
      extAuthzHttpCpuUs: server.httpCpuUs,
      compileMs10000: compiled.compileMs,
      applyMsOneMore: compiled.applyMs,
      ...peers,
    },
    detail: {
      inProcessUs10000PoliciesScattered: scattered,
      inProcessFloorUs,
      cedarTimes: (peers.cedarUs ?? Number.NaN) / inProcessUs10Policies,
      casbinTimes: (peers.casbinUs ?? Number.NaN) / inProcessUs10Policies,
      grpcFloors: server.grpcCpuUs / floorUs,
      httpFloors: server.httpCpuUs / floorUs,
      cachedJwtCpuUs: server.cachedJwtCpuUs,
      newJwtCpuUs: server.newJwtCpuUs,
      cachedJwtMoreFloors: (server.cachedJwtCpuUs - server.grpcCpuUs) / floorUs,
      newJwtMoreFloors: (server.newJwtCpuUs - server.grpcCpuUs) / floorUs,
      validateMs10000: compiled.applyAllMs,
      rssIdleMb: memory.idleMb,
      rssMoreMb10000Applied: memory.appliedMb,
      rssMoreMb10000: memory.restartedMb,
    },
  }
}
