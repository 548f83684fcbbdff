import { isJsonObject } from '../kernel/json-object.ts'
import { nearMiss } from '../kernel/near-miss.ts'
import { printable } from '../kernel/printable.ts'
import { checkDryRun } from './dry-run.ts'
import { addError, emptyReport, type Finding, type Layer, type Report, toFinding } from './finding.ts'
import { KIND_FORMS } from './kinds.ts'
import { toMetadata } from './metadata.ts'
import { KINDS, type Kind, type Resource } from './resource.ts'
import { decode } from './schema/decode.ts'
import { checkAuthorizationPolicy } from './webhook/authorization-policy.ts'
import { type Objector, toObjector } from './webhook/objector.ts'
import { checkPeerAuthentication } from './webhook/peer-authentication.ts'
import { checkRequestAuthentication } from './webhook/request-authentication.ts'
import { checkWorkloadEntry } from './webhook/workload-entry.ts'

/** What validation makes of a document; `resource` is a clean copy, and null if there is an error. */
export interface Verdict {
  readonly resource: Resource | null
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'] as const

type Json = Readonly<Record<string, unknown>>

/**
 * Judges a document as a cluster with Istio would: the CRD's schema with its CEL rules, and istiod's webhook. What both
 * object to is reported for both. Total: it never throws, whatever the document is.
 */
export function validateResource(document: unknown): Verdict {
  const report = emptyReport()
  const resource = read(document, report)
  if (resource !== null && !report.undecodable) checkByWebhook(resource, toObjector(report))
  const { errors, warnings } = report
  return { resource: errors.length === 0 ? resource : null, errors, warnings }
}

function read(document: unknown, report: Report): Resource | null {
  const kind = isJsonObject(document) ? toKind(document, report) : null
  if (!isJsonObject(document)) refuse(report, 'decode', { path: '', code: 'document-not-object' })
  if (!isJsonObject(document) || kind === null) return null
  const apiVersion = toApiVersion(document, kind, report)
  for (const key of Object.keys(document)) {
    if (FIELDS.some((field) => field === key)) continue
    const place = { path: printable(key), code: 'unknown-field' } as const
    addError(report, toFinding('schema', place, { suggestion: nearMiss(key, FIELDS) }))
  }
  const metadata = toMetadata(document.metadata, report)
  const spec = toSpec(document, kind, report)
  if (metadata === null || spec === null) return null
  // The schema of the kind has described the copy, so that it is what the type says once no error is reported.
  return { apiVersion, kind, metadata, spec } as unknown as Resource
}

function toKind({ kind }: Json, report: Report): Kind | null {
  const known = KINDS.find((name) => name === kind)
  if (known !== undefined) return known
  const suggestion = typeof kind === 'string' ? nearMiss(kind, KINDS) : null
  addError(report, toFinding('decode', { path: 'kind', code: 'kind-unknown' }, { seen: kind, suggestion }))
  return null
}

function toApiVersion({ apiVersion }: Json, kind: Kind, report: Report): string {
  const { apiVersions } = KIND_FORMS[kind]
  const known = apiVersions.find((name) => name === apiVersion)
  if (known !== undefined) return known
  const place = { path: 'apiVersion', code: 'apiversion-unknown' } as const
  addError(report, toFinding('decode', place, { seen: apiVersion, suggestion: apiVersions[0] }))
  return apiVersions[0]
}

function toSpec(document: Json, kind: Kind, report: Report): Json | null {
  const form = KIND_FORMS[kind]
  if (document.spec === null) refuse(report, 'schema', { path: 'spec', code: 'null-element' })
  else if (document.spec !== undefined) {
    const spec = decode(form.spec, document.spec, { path: 'spec', report })
    return isJsonObject(spec) ? withAlias(spec) : null
  }
  if (form.needsSpec) refuse(report, 'schema', { path: 'spec', code: 'spec-missing' })
  return {}
}

/** The schema knows `jwks_uri` as a second name; what is stored has one. */
function withAlias(spec: Json): Json {
  if (!Array.isArray(spec.jwtRules)) return spec
  const jwtRules = spec.jwtRules.map((rule: unknown) => {
    if (!isJsonObject(rule) || !Object.hasOwn(rule, 'jwks_uri')) return rule
    const { jwks_uri: jwksUri, ...others } = rule
    return { ...others, jwksUri }
  })
  return { ...spec, jwtRules }
}

function checkByWebhook(resource: Resource, say: Objector): void {
  checkDryRun(resource, say)
  switch (resource.kind) {
    case 'AuthorizationPolicy':
      checkAuthorizationPolicy(resource, say)
      break
    case 'RequestAuthentication':
      checkRequestAuthentication(resource, say)
      break
    case 'PeerAuthentication':
      checkPeerAuthentication(resource, say)
      break
    case 'WorkloadEntry':
      checkWorkloadEntry(resource, say)
      break
  }
}

function refuse(report: Report, layer: Layer, place: Parameters<typeof toFinding>[1]): void {
  addError(report, toFinding(layer, place))
}
