import { explain, type Judged } from './explain.ts'
import { judge } from './judge.ts'
import { toUpstream } from './to-upstream.ts'
import type { Explained, ExplainOptions } from './what-if.ts'

/** Decides one question for somebody who looks at it: with what the workload receives and, where asked for, the story. */
export async function examine(asked: Omit<Judged, 'judgement'>, options: ExplainOptions): Promise<Explained> {
  const judgement = await judge(asked.compiled, asked.question, asked.aides)
  const upstream = toUpstream(asked.question, judgement)
  return {
    decision: judgement.decision,
    ...(upstream === null ? {} : { upstream }),
    ...(options.explain ? await explain({ ...asked, judgement }) : {}),
  }
}
