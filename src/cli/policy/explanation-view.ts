import type { Style } from '../style.ts'
import type { Answer } from './answer.ts'
import { fit, wrap } from './fit.ts'
import { toNearestSentence } from './nearest-sentence.ts'
import type { AskOptions } from './options.ts'
import { toPolicyLines } from './policy-lines.ts'
import { toReadableRules } from './readable-rules.ts'

type Step = NonNullable<Answer['trace']>[number]
type PeerStep = Extract<Step, { readonly phase: 'peer' }>
type RequestStep = Extract<Step, { readonly phase: 'request' }>

interface Shown {
  readonly options: AskOptions
  readonly style: Style
}

const LABEL_WIDTH = 'Policies  '.length
const NEAREST = 'Nearest: '

/** The whole story in at most 24 lines of 100 columns: the verdict, each phase, and what would have to be different. */
export function toExplanation(answer: Answer, { options, style }: Shown): string {
  const { trace = [] } = answer
  const lines = [
    toVerdictLine(answer, style),
    `  ${style.dim(fit(toAskedText(options), 2))}`,
    '',
    ...trace.flatMap((step) => {
      if (step.phase === 'peer') return [toPhaseLine('Peer', toPeerText(step), style)]
      return step.phase === 'request' ? [toPhaseLine('Request', toRequestText(step), style)] : []
    }),
    ...toPolicyPart(answer, style),
    ...toNearestPart(answer, style),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function toVerdictLine({ decision, status, reason }: Answer, style: Style): string {
  const isAllowed = decision === 'allow'
  const verdict = isAllowed ? '✓ allow' : ['✗ deny', ...(status === undefined ? [] : [status])].join(' ')
  const why = toReadableRules(reason).replace(/^(?:allowed|denied) by /, 'by ')
  return `${isAllowed ? style.good(verdict) : style.bad(verdict)}: ${fit(why, verdict.length + ': '.length)}`
}

function toAskedText({ tcp, method, host, path, port, source, workload }: AskOptions): string {
  const what = tcp === true ? 'TCP' : `${method} http://${host}${path}`
  return `${what} to ${workload} port ${port}, from ${source === 'none' ? 'a plaintext client' : source}`
}

function toPhaseLine(label: string, text: string, style: Style): string {
  return `${style.dim(label.padEnd(LABEL_WIDTH))}${fit(text, LABEL_WIDTH)}`
}

function toPeerText({ mode, policies, result }: PeerStep): string {
  return `${mode}${policies.length === 0 ? ' by default' : ` by ${policies.join(', ')}`}; ${result}`
}

function toRequestText({ method, host, path, policies, result }: RequestStep): string {
  const seen = method === undefined ? '' : `${method} ${host ?? ''} ${path ?? ''}; `
  return `${seen}${result}${policies.length === 0 ? '' : ` (tokens by ${policies.join(', ')})`}`
}

function toPolicyPart(answer: Answer, style: Style): readonly string[] {
  const { trace = [], phase } = answer
  const steps = trace.filter((step) => 'action' in step)
  if (phase === 'peer' || phase === 'request') return [toPhaseLine('Policies', 'not reached', style)]
  if (steps.length === 0) return [toPhaseLine('Policies', 'no AuthorizationPolicy is for this workload', style)]
  return [style.dim('Policies'), ...toPolicyLines(steps, answer, style)]
}

function toNearestPart({ decision, phase, nearestMiss }: Answer, style: Style): readonly string[] {
  if (decision === 'allow' || nearestMiss === undefined || phase === 'custom') return []
  const text = nearestMiss === null ? 'no small change of the request is enough' : toNearestSentence(nearestMiss)
  const [first = '', ...others] = wrap(text, { indent: NEAREST.length, lines: 2 })
  return ['', `${style.bold(NEAREST)}${first}`, ...others.map((line) => `${' '.repeat(NEAREST.length)}${line}`)]
}
