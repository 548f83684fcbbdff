import { openDecider } from '../src/decide/open-decider.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { silentLog } from '../src/kernel/log.ts'
import { MeshResources } from '../src/mesh/mesh-resources.ts'
import type { Resource } from '../src/mesh/resource.ts'
import type { ResourceStore } from '../src/mesh/resource-store.ts'
import { median } from './crypto-floor.ts'
import { MESH, openTokens, refuse, toQuestion } from './decisions-in-process.ts'
import { type MixWorkload, toPolicy, toResources } from './decisions-mix.ts'

export interface CompileFigures {
  /** From the stored resources to a first decision for every workload. */
  readonly compileMs: number
  /** From a document to the first decision under it, everything else in force already. */
  readonly applyMs: number
  /** Validation and planning of all documents at once. */
  readonly applyAllMs: number
}

const COMPILATIONS = 5
const APPLICATIONS = 50

/** What it takes until policies are in force: no disk, as its time is the machine's. */
export async function benchCompile(workloads: readonly MixWorkload[]): Promise<CompileFigures> {
  const resources = new MeshResources({ store: NO_STORE, clock: systemClock, log: silentLog, watched: new Set() })
  await resources.load()
  const started = performance.now()
  await resources.apply({ documents: toDocuments(workloads.flatMap(toResources)), actor: 'bench' })
  const applyAllMs = performance.now() - started
  const compiled = Array.from({ length: COMPILATIONS }, () => {
    const decide = openDecide(resources)
    return timed(() => workloads.forEach(decide))
  })
  return { compileMs: median(compiled), applyMs: await applyOneByOne(resources, workloads), applyAllMs }
}

async function applyOneByOne(resources: MeshResources, workloads: readonly MixWorkload[]): Promise<number> {
  const decide = openDecide(resources)
  workloads.forEach(decide)
  const times: number[] = []
  for (let i = 0; i < APPLICATIONS; i++) {
    const workload = workloads[(i * 101) % workloads.length]
    const rule = workload?.rules[0]
    if (workload === undefined || rule === undefined) throw new TypeError('there are no workloads')
    const document = toPolicy(workload, rule, workload.rules.length + i)
    const started = performance.now()
    await resources.apply({ documents: toDocuments([document]), actor: 'bench' })
    decide(workload)
    times.push(performance.now() - started)
  }
  return median(times)
}

function openDecide(resources: MeshResources): (workload: MixWorkload) => void {
  const { decide } = openDecider({
    mesh: MESH,
    current: () => resources.current(),
    tokens: openTokens(),
    ask: refuse,
    observer: { decided() {} },
    clock: systemClock,
  })
  return ({ namespace, name, requests: [request] }) => {
    if (request === undefined) throw new TypeError('there is no request')
    const decided = decide({ by: 'name', namespace, name }, toQuestion(request))
    if (decided instanceof Promise) throw new TypeError('nothing here has to be waited for')
    if ((decided.decision.decision === 'allow') !== request.allowed) throw new Error(decided.decision.reason)
  }
}

const NO_STORE: ResourceStore = {
  loadResources: async () => ({ version: 0, items: [], next: null }),
  async saveResources() {},
}

function toDocuments(resources: readonly Resource[]) {
  return resources.map((value, index) => ({ value, index }))
}

function timed(work: () => void): number {
  const started = performance.now()
  work()
  return performance.now() - started
}
