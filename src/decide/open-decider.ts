import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { MeshSettings } from '../mesh/mesh-settings.ts'
import { policiesIn, type ResourceSet } from '../mesh/snapshot.ts'
import { compileWorkload } from '../policy/compile-workload.ts'
import type { Question } from '../policy/request.ts'
import { openRuleCompiler } from '../policy/rule-compiler.ts'
import { CompiledWorkloads, type PreparedWorkload } from './compiled-workloads.ts'
import type { Decide, Decided, WorkloadReference } from './decide.ts'
import { examine } from './examine.ts'
import { judge } from './judge.ts'
import type { Judgement } from './judgement.ts'
import { compileJwtRules } from './jwt/compile-jwt-rules.ts'
import type { TokenVerifier } from './jwt/token-verifier.ts'
import type { DecisionObserver } from './observer.ts'
import type { AskProvider } from './provider.ts'
import { toAides } from './to-aides.ts'
import type { Examine } from './what-if.ts'

export interface DeciderDeps {
  readonly mesh: MeshSettings
  /** The set to decide by; null until it is loaded. */
  readonly current: () => ResourceSet | null
  readonly tokens: TokenVerifier
  readonly ask: AskProvider
  readonly observer: DecisionObserver
  readonly clock: Clock
}

export interface Decider {
  readonly decide: Decide
  /** As `decide`, for somebody who looks at the answers: all by one set; they are not counted among the decisions. */
  readonly inspect: (workload: WorkloadReference) => Inspection
}

/** Decisions about one workload by one version of the stored resources. */
export interface Inspection {
  readonly version: number
  readonly examine: Examine
}

/** A prepared workload, and the version of the set that it was taken from: one snapshot for each decision. */
interface Found extends PreparedWorkload {
  readonly version: number
}

/** Decides by the stored resources. */
export function openDecider(deps: DeciderDeps): Decider {
  const compiled = new CompiledWorkloads(deps.mesh, deps)
  const find = (reference: WorkloadReference): Found => {
    const set = deps.current()
    if (set === null) throw new AppError('decision.not_ready', 'the stored resources are not loaded yet', RETRY)
    const { version } = set
    if (reference.by === 'inline') return { ...prepareInline(set, reference.workload, deps), version }
    return { ...compiled.find(set, reference), version }
  }
  return {
    decide(reference, question) {
      const startedAt = deps.clock.monotonic()
      const found = find(reference)
      const finish = (judgement: Judgement) => told({ found, question, judgement, startedAt }, deps)
      const judgement = judge(found.compiled, question, found.aides)
      return judgement instanceof Promise ? judgement.then(finish) : finish(judgement)
    },
    inspect(reference) {
      const { version, ...prepared } = find(reference)
      return { version, examine: (question, options) => examine({ ...prepared, question }, options) }
    },
  }
}

const RETRY = { retryAfterSeconds: 1 }

interface Finished {
  readonly found: Found
  readonly question: Question
  readonly judgement: Judgement
  readonly startedAt: number
}

function told({ found, question, judgement, startedAt }: Finished, { observer, clock }: DeciderDeps): Decided {
  const { decision, mutations, response, attributes } = judgement
  const decided = { decision, mutations, version: found.version, ...(response === undefined ? {} : { response }) }
  observer.decided({
    workload: found.compiled.workload,
    question,
    decided,
    claims: attributes?.http?.claims ?? null,
    micros: (clock.monotonic() - startedAt) * 1000,
  })
  return decided
}

/** A workload that is told with the question, under the stored policies. */
function prepareInline(
  set: ResourceSet,
  workload: Extract<WorkloadReference, { readonly by: 'inline' }>['workload'],
  deps: DeciderDeps,
): PreparedWorkload {
  const { rootNamespace } = deps.mesh
  const root = rootNamespace === workload.namespace ? [] : policiesIn(set, rootNamespace)
  const compiled = compileWorkload(workload, [...root, ...policiesIn(set, workload.namespace)], {
    mesh: deps.mesh,
    compile: openRuleCompiler(deps.mesh),
  })
  return { compiled, aides: toAides(compileJwtRules(compiled.requestAuthentications), deps) }
}
