import type { MeshSettings } from '../mesh/mesh-settings.ts'
import type { Policy } from '../mesh/resource.ts'
import type { Workload } from '../mesh/workload.ts'
import type { Decision, Upstream } from '../policy/decision.ts'
import type { NearestMiss } from '../policy/explain/nearest-miss.ts'
import type { Question } from '../policy/request.ts'
import type { TraceStep } from './explain.ts'
import type { AskProvider } from './provider.ts'

/** Everything that a decision without stored resources depends on. */
export interface Supposed {
  readonly mesh: MeshSettings
  readonly workload: Workload
  /** Valid ones: both layers of validation let them pass. */
  readonly policies: readonly Policy[]
  readonly ask: AskProvider
}

/** A decision that people look at: with what the workload would receive and, where asked for, its whole story. */
export interface Explained {
  readonly decision: Decision
  /** For every allowed HTTP request. */
  readonly upstream?: Upstream
  readonly trace?: readonly TraceStep[]
  readonly nearestMiss?: NearestMiss | null
}

export interface ExplainOptions {
  readonly explain: boolean
}

/** Decides one question for somebody who looks at it. */
export type Examine = (question: Question, options: ExplainOptions) => Promise<Explained>

/** Decides questions by resources that are given with them; touches nothing stored. */
export type WhatIf = (supposed: Supposed) => Examine
