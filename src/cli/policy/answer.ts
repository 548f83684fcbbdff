import { type Static, Type } from 'typebox'
import type { Explained } from '../../decide/what-if.ts'
import { AppError } from '../../kernel/errors.ts'
import { CommandError } from '../command-error.ts'
import { type JsonObject, objectsOf } from '../json.ts'
import { toReader } from './read-value.ts'

const Texts = Type.Array(Type.String())

const Mismatch = Type.Object({
  field: Type.String(),
  attribute: Type.String(),
  wanted: Texts,
  negative: Type.Boolean(),
  seen: Texts,
})

const Rule = Type.Object({
  rule: Type.Integer(),
  name: Type.String(),
  matched: Type.Boolean(),
  mismatch: Type.Optional(Mismatch),
  note: Type.Optional(Type.String()),
})

const PeerStep = Type.Object({
  phase: Type.Literal('peer'),
  mode: Type.String(),
  policies: Texts,
  result: Type.String(),
})

const RequestStep = Type.Object({
  phase: Type.Literal('request'),
  policies: Texts,
  method: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
  host: Type.Optional(Type.String()),
  result: Type.String(),
})

const PolicyStep = Type.Object({
  phase: Type.Enum(['custom', 'authorization']),
  policy: Type.String(),
  action: Type.String(),
  dryRun: Type.Boolean(),
  matched: Type.Boolean(),
  rules: Type.Array(Rule),
  note: Type.Optional(Type.String()),
})

const Change = Type.Object({
  attribute: Type.String(),
  seen: Texts,
  to: Type.Union([Type.String(), Type.Null()]),
})

const NearestMiss = Type.Object({ changes: Type.Array(Change), allowedBy: Type.Optional(Type.String()) })

/** One decision as the API gives it, as far as people are shown it. */
const Answer = Type.Object({
  decision: Type.Enum(['allow', 'deny', 'reject']),
  status: Type.Optional(Type.Integer()),
  phase: Type.String(),
  reason: Type.String(),
  policy: Type.Optional(Type.String()),
  allowedBy: Type.Optional(Type.String()),
  trace: Type.Optional(Type.Array(Type.Union([PeerStep, RequestStep, PolicyStep]))),
  nearestMiss: Type.Optional(Type.Union([NearestMiss, Type.Null()])),
})

export type Answer = Static<typeof Answer>
export type PolicyStep = Static<typeof PolicyStep>
export type RuleStep = Static<typeof Rule>
export type NearestMiss = Static<typeof NearestMiss>

const readAnswer = toReader(Answer)

/** A decision taken here, in the form of the API. */
export function toAnswer({ decision, ...others }: Explained): Answer {
  return readAnswer({ ...decision, ...others })
}

/** The only decision of an answer of `POST /v1/decisions`. */
export function parseAnswer(body: JsonObject): Answer {
  const [first] = objectsOf(body, 'decisions')
  try {
    return readAnswer(first)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const message = `the server's answer is not of the wanted form: ${error.message}; is it of another version?`
    throw CommandError.of('server.response_invalid', message, error)
  }
}
