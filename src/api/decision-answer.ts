import { STATUS_CODES } from 'node:http'
import type { Decided, Mutations } from '../decide/decide.ts'
import { isEndToEnd } from '../decide/provider-answer.ts'
import { AppError, type PublicError, toPublicError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import type { Decision } from '../policy/decision.ts'
import type { Question } from '../policy/request.ts'

type Field = readonly [name: string, value: string]

/** What a proxy is told, whatever protocol it asked in. */
export type Answer = Granted | Refused

/** What becomes of the request; proxies set first and remove then, so no name is in both lists. */
export interface Granted {
  readonly allowed: true
  readonly decided: Decided
  /** Each name once. */
  readonly set: readonly Field[]
  readonly remove: readonly string[]
  /** Parameters of the query. */
  readonly removeParams: readonly string[]
  /** With its query, where it becomes another one; null where no more than `removeParams` changes. */
  readonly path: string | null
}

export interface Refused {
  readonly allowed: false
  /** A `google.rpc.Code`. */
  readonly code: number
  /** HTTP, 300 or higher. */
  readonly status: number
  /** For the client. */
  readonly headers: readonly Field[]
  readonly body: string
  /** Null where nothing could be decided. */
  readonly decided: Decided | null
  /** One line for people. */
  readonly reason: string
}

export interface AnswerOptions {
  readonly reasonHeader: boolean
}

const NONE: Mutations = { remove: [], set: [], removeParams: [], path: null }
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16
const FORBIDDEN = 403
/** RFC 9110 §5.1. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110 §5.5: no control characters but tab; what is not ASCII travels as UTF-8. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u

/** The answer of a decision; one that no header field could carry is refused. */
export function toAnswer({ http }: Question, decided: Decided, options: AnswerOptions): Answer {
  const { decision } = decided
  if (decision.decision !== 'allow') return toRefused(decided, options)
  if (decided.mutations === null) return { allowed: true, decided, ...NONE }
  const { removeParams, path } = decided.mutations
  const set = joined(decided.mutations.set)
  for (const [name, value] of set) {
    if (isEndToEnd(name) && FIELD_NAME.test(name) && FIELD_VALUE.test(value)) continue
    return refusalOf(
      new AppError('auth.forbidden', `\`${printable(name)}\` cannot be set as policies want it`),
      options,
    )
  }
  // no request has a field of another name, and one of ours would break the answer
  const remove = decided.mutations.remove.filter((name) => !set.has(name) && FIELD_NAME.test(name))
  return { allowed: true, decided, set: [...set], remove, removeParams, path: isSamePath(http, path) ? null : path }
}

/** Whether a path differs from what was asked for in its query alone, which removing parameters explains. */
function isSamePath(http: Question['http'], path: string | null): boolean {
  return path === null || http?.target.split('?', 1)[0] === path.split('?', 1)[0]
}

/** Several fields of a name are one with commas (RFC 9110 §5.3): a proxy would keep the last. */
function joined(fields: readonly Field[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of fields) {
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before},${value}`)
  }
  return values
}

/** The answer of what could not be decided: refused, each for its own reason. */
export function refusalOf(thrown: unknown, options: AnswerOptions): Refused {
  const told = toPublicError(thrown)
  const { code, status } = statusesOf(told)
  const reason = `${told.code}: ${told.message}`
  const headers = withReason([], reason, options)
  return { allowed: false, code, status, headers, body: bodyOf(status), decided: null, reason }
}

/** Whatever a proxy may not ask is 403: another status would look as if the client had done wrong. */
function statusesOf({ kind, grpc, http }: PublicError): { readonly code: number; readonly status: number } {
  const isAsker = kind === 'denied' || kind === 'notFound' || kind === 'unauthenticated'
  return isAsker ? { code: PERMISSION_DENIED, status: FORBIDDEN } : { code: grpc, status: http }
}

function toRefused(decided: Decided, options: AnswerOptions): Refused {
  const { decision, response } = decided
  const status = decision.status === undefined || decision.status < 300 ? FORBIDDEN : decision.status
  return {
    allowed: false,
    code: status === 401 ? UNAUTHENTICATED : PERMISSION_DENIED,
    status,
    headers: withReason(response?.headers ?? [], decision.reason, options),
    body: response?.body ?? bodyOf(status),
    decided,
    reason: decision.reason,
  }
}

/** Envoy's own texts. */
function bodyOf(status: number): string {
  return status === FORBIDDEN ? 'RBAC: access denied' : (STATUS_CODES[status] ?? '')
}

const MAX_REASON = 256

function withReason(headers: readonly Field[], reason: string, { reasonHeader }: AnswerOptions): readonly Field[] {
  return reasonHeader ? [...headers, ['x-alcazar-reason', printable(reason, MAX_REASON)]] : headers
}

/** What a decision tells beside its outcome: reason, policy, dry runs, audit and the version it was taken by. */
export function toMetadata({ decision, version }: Decided): DecisionMetadata {
  const { reason, policy, dryRun, audit } = decision
  return {
    reason,
    version,
    ...(policy === undefined ? {} : { policy }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(audit === undefined ? {} : { audit }),
  }
}

export type DecisionMetadata = Pick<Decision, 'reason' | 'policy' | 'dryRun' | 'audit'> & { readonly version: number }
