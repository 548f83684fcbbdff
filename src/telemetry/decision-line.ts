import type { HeaderNames } from '../decide/header-names.ts'
import type { DecisionEvent } from '../decide/observer.ts'
import { toAsciiJson } from '../kernel/ascii-json.ts'
import type { Workload } from '../mesh/workload.ts'
import type { HttpRequest, Question } from '../policy/request.ts'
import { REDACTED, withoutQueryValues, withoutTokens } from './redact.ts'

const MAX_PATH = 4_096
const MAX_VALUE = 1_024
const MAX_NAME = 256
const MAX_HEADERS_TEXT = 16_384
const MAX_SANS = 16

/** Claims that tell who asked; the others are the business of the workload. */
const CLAIMS = ['iss', 'sub', 'aud', 'azp'] as const

/**
 * A decision as one line of JSON: the workload and the request in the form of `POST /v1/decisions`, so that it can be
 * asked again, and the outcome. Secrets are left out, everything is cut to size, and all beyond printable ASCII is
 * escaped, so that no terminal and no other line is touched (hostile 102).
 */
export function toDecisionLine(event: DecisionEvent, time: string, isSecret: HeaderNames): string {
  const { decided, workload, question, claims, micros } = event
  const { decision, version } = decided
  const line = JSON.stringify({
    time,
    version,
    workload: toWorkload(workload),
    request: toRequest(question, isSecret),
    ...(claims === null ? {} : { claims: toClaims(claims) }),
    outcome: { ...decision, reason: withoutTokens(decision.reason, MAX_VALUE) },
    micros: Math.round(micros),
  })
  return `${toAsciiJson(line)}\n`
}

function toWorkload({ namespace, name, labels, ip, ports }: Workload) {
  return { namespace, name, labels, ip, ports: ports === 'as-told' ? ports : Object.fromEntries(ports) }
}

function toRequest({ port, sourceIp, destinationIp, peer, http }: Question, isSecret: HeaderNames) {
  const connection = {
    protocol: http === null ? 'tcp' : 'http',
    port,
    sourceIp: sourceIp.slice(0, MAX_NAME), // the zone of an IPv6 address has any length
    destinationIp: destinationIp?.slice(0, MAX_NAME) ?? null,
    peer:
      peer === null
        ? null
        : {
            uriSans: peer.uriSans.slice(0, MAX_SANS).map((san) => withoutTokens(san, MAX_VALUE)),
            sni: peer.sni === null ? null : withoutTokens(peer.sni, MAX_NAME),
            noCert: !peer.certificate,
            alpn: peer.alpn,
          },
  }
  return http === null ? connection : { ...connection, ...toHttp(http, isSecret) }
}

function toHttp({ method, target, host, headers, viaProxy }: HttpRequest, isSecret: HeaderNames) {
  const written: (readonly [string, string])[] = []
  let room = MAX_HEADERS_TEXT
  for (const [name, value] of headers.entries()) {
    const shown = isSecret(name.toLowerCase()) ? REDACTED : withoutTokens(value, MAX_VALUE)
    const field = [name.slice(0, MAX_NAME), shown] as const
    room -= field[0].length + field[1].length
    if (room < 0) break
    written.push(field)
  }
  return {
    method: method.slice(0, MAX_NAME),
    path: withoutQueryValues(target, MAX_PATH),
    ...(host === null ? {} : { host: withoutTokens(host, MAX_VALUE) }),
    headers: written,
    ...(headers.joined ? { joined: true } : {}),
    ...(viaProxy === true ? { viaProxy } : {}),
    ...(room < 0 ? { truncated: true } : {}),
  }
}

function toClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = CLAIMS.map((name) => [name, toClaim(claims[name])] as const)
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined))
}

function toClaim(value: unknown): unknown {
  if (typeof value === 'string') return withoutTokens(value, MAX_VALUE)
  if (Array.isArray(value))
    return value.slice(0, MAX_SANS).map((item) => (typeof item === 'string' ? toClaim(item) : null))
  return undefined
}
