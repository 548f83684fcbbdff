import { STATUS_CODES } from 'node:http'
import { type Static, Type } from 'typebox'
import type { PublicError } from '../../kernel/errors.ts'

const FaultBody = Type.Object(
  {
    document: Type.Integer({ description: 'Counts from 0' }),
    path: Type.String({ description: 'As in `spec.rules[0].to`' }),
    code: Type.String(),
    message: Type.String(),
    suggestion: Type.Optional(Type.String({ description: 'What was probably meant' })),
  },
  { additionalProperties: false },
)

/** The body of every error, RFC 9457. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:alcazar:error:` and the code' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What went wrong and what to do next, for people; may change' }),
    code: Type.String({ description: 'Stable, dotted; docs/errors.md lists all' }),
    requestId: Type.String(),
    wanted: Type.Optional(Type.String()),
    seen: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(FaultBody, { description: 'What is wrong in each document' })),
  },
  { description: 'RFC 9457 problem', additionalProperties: false },
)
export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** An error as it goes out: status, headers beside the content type, and the body's text. */
export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes the problem; `status` where HTTP has a more exact one than the code's (405, 408, 431). */
export function toProblemAnswer(error: PublicError, requestId: string, status: number = error.http): ProblemAnswer {
  const { code, message, wanted, seen, retryAfterSeconds, faults } = error
  const problem: Problem = {
    type: `urn:alcazar:error:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    requestId,
    ...(wanted === undefined ? {} : { wanted }),
    ...(seen === undefined ? {} : { seen }),
    ...(faults === undefined ? {} : { errors: [...faults] }),
  }
  const headers: Record<string, string> = { 'x-request-id': requestId }
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterSeconds))
  if (status === 401) headers['www-authenticate'] = 'Bearer' // RFC 9110 §11.6.1: a 401 must name a scheme
  return { status, headers, body: JSON.stringify(problem) }
}
