import type { Attributes } from '../policy/attributes.ts'
import type { CompiledRule } from '../policy/compile-rule.ts'
import type { CompiledWorkload } from '../policy/compile-workload.ts'
import { type Answerable, toMisconfiguredCustom, toRefusedByProvider } from '../policy/outcomes.ts'
import type { Question } from '../policy/request.ts'
import type { Granted, Judgement } from './judgement.ts'
import type { AskProvider, ProviderAnswer } from './provider.ts'

/** A question that CUSTOM rules may concern. */
export interface CustomHearing {
  readonly compiled: CompiledWorkload
  readonly question: Question
  readonly answerable: Answerable
  readonly aides: { readonly ask: AskProvider }
}

const NOTHING: Granted = { remove: [], set: [] }

/** Asks the provider where a CUSTOM rule matches; `next` goes on with the header fields that it adds. */
export function judgeCustom(
  { compiled, question, answerable, aides }: CustomHearing,
  attributes: Attributes,
  next: (granted: Granted) => Judgement | Promise<Judgement>,
): Judgement | Promise<Judgement> {
  const { custom } = compiled.authorization(attributes.http === null ? 'tcp' : 'http')
  const rule = custom === null ? null : custom.rules.firstMatch(attributes)
  if (custom === null || rule === null) return next(NOTHING)
  if (custom.provider === null) {
    return { decision: toMisconfiguredCustom(rule, answerable), attributes, mutations: null }
  }
  return aides
    .ask(custom.provider, toProviderQuestion(question, attributes))
    .then((answer) =>
      answer.granted ? next({ remove: answer.remove ?? [], set: answer.headers }) : toRefusal(rule, answer, attributes),
    )
}

function toRefusal(
  rule: CompiledRule,
  answer: Extract<ProviderAnswer, { readonly granted: false }>,
  attributes: Attributes,
): Judgement {
  const decision = toRefusedByProvider(rule, attributes.http === null ? null : answer.status, answer.reason)
  if (attributes.http === null) return { decision, attributes, mutations: null }
  return { decision, attributes, mutations: null, response: { headers: answer.headers, body: answer.body } }
}

/** The request as Envoy's ext_authz filter sees it: normalised, tokens still in it. */
function toProviderQuestion(question: Question, { http }: Attributes): Question {
  if (http === null) return { ...question, http: null }
  const { method, path, query, host, headers } = http
  return { ...question, http: { method, target: path + query, host, headers } }
}
