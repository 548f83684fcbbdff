import type { CompiledWorkload } from '../policy/compile-workload.ts'
import type { Phase } from '../policy/decision.ts'
import { type Change, type NearestMiss, nearestMiss } from '../policy/explain/nearest-miss.ts'
import { type PolicyTrace, traceAuthorization } from '../policy/explain/trace.ts'
import { modeOf, type PeerMode } from '../policy/peer-mode.ts'
import type { Peer, Question } from '../policy/request.ts'
import { type Aides, judge } from './judge.ts'
import type { Judgement } from './judgement.ts'

/** How the connection was taken, by which PeerAuthentications. */
interface PeerStep {
  readonly phase: Extract<Phase, 'peer'>
  readonly mode: PeerMode
  readonly policies: readonly string[]
  readonly result: string
}

/** What policies saw of the request, and which RequestAuthentications looked for tokens. */
interface RequestStep {
  readonly phase: Extract<Phase, 'request'>
  readonly policies: readonly string[]
  /** The canonical form; absent where there is none. */
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly result: string
}

interface PolicyStep extends PolicyTrace {
  readonly phase: Extract<Phase, 'custom' | 'authorization'>
}

export type TraceStep = PeerStep | RequestStep | PolicyStep

export interface Explanation {
  readonly trace: readonly TraceStep[]
  /** Null when it was allowed, and when no small change helps. */
  readonly nearestMiss: NearestMiss | null
}

/** One judged question. */
export interface Judged {
  readonly compiled: CompiledWorkload
  readonly question: Question
  readonly aides: Aides
  readonly judgement: Judgement
}

/** The whole story of a decision, in the order of the phases that it went through. */
export async function explain(judged: Judged): Promise<Explanation> {
  const { decision } = judged.judgement
  return {
    trace: [peerStep(judged), ...requestSteps(judged), ...policySteps(judged)],
    nearestMiss: decision.decision === 'allow' ? null : await nearestMissOf(judged),
  }
}

function peerStep({ compiled, question, judgement: { decision, attributes } }: Judged): PeerStep {
  const refused = decision.phase === 'peer'
  const identity = attributes?.connection.peerSans.join(', ') ?? ''
  return {
    phase: 'peer',
    mode: modeOf(compiled.peerModes, question.port),
    policies: compiled.peerModes.policies.map(nameOf),
    result: refused ? decision.reason : identity === '' ? 'accepted without identity' : `accepted as ${identity}`,
  }
}

function requestSteps({ compiled, question, judgement: { decision, attributes } }: Judged): readonly RequestStep[] {
  if (decision.phase === 'peer' || question.http === null) return []
  const http = attributes?.http ?? null
  const { iss, sub } = http?.claims ?? {}
  const identity = iss === undefined ? 'no request identity' : `request identity ${String(iss)}/${String(sub)}`
  const result = decision.phase === 'request' ? decision.reason : http === null ? 'judged as TCP' : identity
  const seen = http === null ? {} : { method: http.method, path: http.path, host: http.host }
  return [{ phase: 'request', policies: compiled.requestAuthentications.map(nameOf), ...seen, result }]
}

function policySteps({ compiled, judgement: { decision, attributes } }: Judged): readonly PolicyStep[] {
  if (attributes === null || decision.phase === 'peer' || decision.phase === 'request') return []
  const traces = traceAuthorization(compiled.authorization(attributes.http === null ? 'tcp' : 'http'), attributes)
  const steps = traces.map(
    (trace) => ({ phase: trace.action === 'CUSTOM' ? 'custom' : 'authorization', ...trace }) as const,
  )
  return decision.phase === 'custom' ? steps.filter(({ phase }) => phase === 'custom') : steps
}

/** Lets the request over the hurdles before the rules, each of them a change of its own, then asks the rules. */
async function nearestMissOf(judged: Judged): Promise<NearestMiss | null> {
  const { decision, attributes } = judged.judgement
  if (decision.phase === 'custom') return null
  if (decision.phase === 'authorization') return attributes === null ? null : missOfRules(judged)
  const relaxed = relax(judged)
  if (relaxed === null) return null
  const judgement = await judge(relaxed.judged.compiled, relaxed.judged.question, relaxed.judged.aides)
  const { decision: after } = judgement
  if (after.decision === 'allow') return withFirst(relaxed.change, { changes: [], ...allowedBy(after.allowedBy) })
  if (after.phase === decision.phase) return null
  const further = await nearestMissOf({ ...relaxed.judged, judgement })
  return further === null ? null : withFirst(relaxed.change, further)
}

function missOfRules({ compiled, judgement: { attributes } }: Judged): NearestMiss | null {
  if (attributes === null) return null
  return nearestMiss(compiled.authorization(attributes.http === null ? 'tcp' : 'http'), attributes)
}

interface Relaxed {
  readonly judged: Omit<Judged, 'judgement'>
  readonly change: Change
}

function relax({ judgement: { decision }, ...judged }: Judged): Relaxed | null {
  const { compiled, question, aides } = judged
  if (decision.phase === 'peer') {
    const uri = `spiffe://${compiled.mesh.trustDomain}/ns/any/sa/any`
    const peer: Peer = { uriSans: [uri], sni: question.peer?.sni ?? null, certificate: true, alpn: null }
    const seen = question.peer === null ? ['plaintext'] : ['TLS']
    return {
      judged: { compiled, aides, question: { ...question, peer } },
      change: { attribute: 'peer', seen, to: uri },
    }
  }
  if (decision.cause !== 'jwt') return null
  const change: Change = { attribute: 'request token', seen: [decision.reason], to: null }
  return { judged: { compiled, question, aides: { ...aides, authenticate: null } }, change }
}

function withFirst(change: Change, miss: NearestMiss): NearestMiss {
  return { ...miss, changes: [change, ...miss.changes] }
}

function allowedBy(rule: string | undefined): Pick<NearestMiss, 'allowedBy'> {
  return rule === undefined ? {} : { allowedBy: rule }
}

function nameOf({ metadata }: { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${metadata.namespace}/${metadata.name}`
}
