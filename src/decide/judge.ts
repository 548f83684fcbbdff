import { Attributes, type ConnectionFacts } from '../policy/attributes.ts'
import { authorize } from '../policy/authorize.ts'
import { type CanonicalRequest, toCanonicalRequest } from '../policy/canonical-request.ts'
import { classifyConnection } from '../policy/classify-connection.ts'
import type { CompiledWorkload } from '../policy/compile-workload.ts'
import { type Answerable, toDecision, toRefusedConnection, toRefusedToken, toUnacceptable } from '../policy/outcomes.ts'
import { modeOf } from '../policy/peer-mode.ts'
import type { Headers, Question } from '../policy/request.ts'
import { judgeCustom } from './judge-custom.ts'
import type { Granted, Judgement } from './judgement.ts'
import type { JwtRequest } from './jwt/edited-request.ts'
import type { JwtOutcome, JwtPassed } from './jwt/jwt-outcome.ts'
import type { AskProvider } from './provider.ts'
import { toMutations, withGranted } from './request-changes.ts'
import { withSidecarFields } from './sidecar-headers.ts'

/** What judging needs beside the rules: whoever can verify a token or ask a provider. */
export interface Aides {
  /** Null where no RequestAuthentication is attached. */
  readonly authenticate: ((request: JwtRequest) => JwtOutcome | Promise<JwtOutcome>) | null
  readonly ask: AskProvider
}

/** One question on its way through the phases. */
interface Hearing {
  readonly compiled: CompiledWorkload
  readonly aides: Aides
  readonly question: Question
  readonly answerable: Answerable
  readonly connection: ConnectionFacts
}

/** Connection, canonical form, CUSTOM, tokens, AUDIT, DENY, ALLOW: in Envoy's order; asynchronous only where it must be. */
export function judge(compiled: CompiledWorkload, question: Question, aides: Aides): Judgement | Promise<Judgement> {
  const { ports } = compiled.workload
  const mode = modeOf(compiled.peerModes, question.port)
  const admission = classifyConnection(question, { mode, ports, trustDomains: compiled.trustDomains })
  if (!admission.admitted) return { decision: toRefusedConnection(admission), attributes: null, mutations: null }
  const hearing: Hearing = {
    compiled,
    aides,
    question,
    answerable: { admission, asked: question.http === null ? 'tcp' : 'http' },
    connection: {
      port: question.port,
      sourceIp: question.sourceIp,
      destinationIp: question.destinationIp ?? compiled.workload.ip,
      peerSans: admission.tls === 'mutual' ? (question.peer?.uriSans ?? []) : [],
      sni: admission.sni,
    },
  }
  const { http } = question
  if (http === null || !admission.http) return judgeTcp(hearing)
  const canonical = toCanonicalRequest(http, compiled.mesh.pathNormalization)
  if ('why' in canonical) return { decision: toUnacceptable(canonical), attributes: null, mutations: null }
  return judgeHttp(hearing, canonical, http.headers)
}

function judgeTcp(hearing: Hearing): Judgement | Promise<Judgement> {
  const { compiled, answerable, connection } = hearing
  const attributes = new Attributes(connection, null)
  const finish = (): Judgement => ({
    decision: toDecision(authorize(compiled.authorization('tcp'), attributes), answerable),
    attributes,
    mutations: null,
  })
  return judgeCustom(hearing, attributes, finish)
}

function judgeHttp(hearing: Hearing, canonical: CanonicalRequest, sent: Headers): Judgement | Promise<Judgement> {
  const { connection, question, answerable } = hearing
  const { method, path, query, host } = canonical
  const { tls } = answerable.admission
  const scheme = tls === 'mutual' ? 'https' : 'http'
  const headers = withSidecarFields(sent, { peer: question.peer, tls, scheme })
  const attributes = new Attributes(connection, { method, path, query, host, scheme, headers, claims: null })
  return judgeCustom(hearing, attributes, (granted) => judgeTokens(hearing, afterGrant(attributes, granted), granted))
}

function judgeTokens(hearing: Hearing, attributes: Attributes, granted: Granted): Judgement | Promise<Judgement> {
  const { authenticate } = hearing.aides
  const { http } = attributes
  if (authenticate === null || http === null) return judgeRules(hearing, attributes, { granted, outcome: null })
  const { method, path, query, headers, host, scheme } = http
  const outcome = authenticate({ method, path, query, headers, host, scheme })
  return outcome instanceof Promise
    ? outcome.then((settled) => afterTokens(hearing, attributes, { granted, outcome: settled }))
    : afterTokens(hearing, attributes, { granted, outcome })
}

interface Changes<O> {
  readonly granted: Granted
  readonly outcome: O
}

function afterTokens(hearing: Hearing, attributes: Attributes, changes: Changes<JwtOutcome>): Judgement {
  const { outcome } = changes
  if (!outcome.ok) {
    const headers = [['www-authenticate', outcome.wwwAuthenticate]] as const
    return {
      decision: toRefusedToken(outcome.status, outcome.message),
      attributes,
      mutations: null,
      response: { headers: outcome.status === 401 ? headers : [], body: outcome.message },
    }
  }
  return judgeRules(hearing, withTokens(attributes, outcome), { ...changes, outcome })
}

function judgeRules(
  { compiled, answerable, question }: Hearing,
  attributes: Attributes,
  { granted, outcome }: Changes<JwtPassed | null>,
): Judgement {
  const decision = toDecision(authorize(compiled.authorization('http'), attributes), answerable)
  const path = changedTarget(question.http?.target ?? '', attributes)
  return { decision, attributes, mutations: toMutations({ granted, tokens: outcome?.mutations ?? null, path }) }
}

/** The path with its query after normalisation and tokens, null where it is the one that was sent. */
function changedTarget(sent: string, { http }: Attributes): string | null {
  const { path = '', query = '' } = http ?? {}
  const isSent = sent.length === path.length + query.length && sent.startsWith(path) && sent.endsWith(query)
  return isSent ? null : path + query
}

function afterGrant(attributes: Attributes, granted: Granted): Attributes {
  const { connection, http } = attributes
  if (http === null) return attributes
  const headers = withGranted(http.headers, granted)
  return headers === http.headers ? attributes : new Attributes(connection, { ...http, headers })
}

function withTokens(attributes: Attributes, outcome: JwtPassed): Attributes {
  const { connection, http } = attributes
  if (http === null) return attributes
  const { claims, headers, query } = outcome
  if (claims === null && headers === http.headers && query === http.query) return attributes
  return new Attributes(connection, { ...http, claims, headers, query })
}
