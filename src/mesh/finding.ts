import { printable } from '../kernel/printable.ts'
import { type FindingCode, GISTS } from './finding-codes.ts'

/** Who objects: Istio's decoder, the CRD schema with its CEL rules, istiod's webhook, or Alcazar's own lint. */
export type Layer = 'decode' | 'schema' | 'webhook' | 'lint'

/** One remark about a document; `path` as in `spec.rules[0].from[0].source.principals`, empty for the whole document. */
export interface Finding {
  readonly path: string
  readonly code: FindingCode
  readonly message: string
  readonly suggestion?: string
  readonly layer: Layer
}

/** Collects what is found in one document. */
export interface Report {
  readonly errors: Finding[]
  readonly warnings: Finding[]
  /** True once the object could not be decoded, so that the webhook would not get to see it. */
  undecodable: boolean
}

/** What may stand in a finding beside its place and code. */
export interface FindingDetail {
  /** User input that the message quotes. */
  readonly seen?: unknown
  readonly suggestion?: string | null
}

/** A hopeless document does not make an endless answer: further errors of it are dropped. */
const MAX_ERRORS = 200
const MAX_WARNINGS = 200

export function emptyReport(): Report {
  return { errors: [], warnings: [], undecodable: false }
}

/** The finding of `code` at `path`, with the message of its code. */
export function toFinding(layer: Layer, place: Place, detail: FindingDetail = {}): Finding {
  const gist = GISTS[place.code]
  const message = detail.seen === undefined ? gist : `${gist}: ${quote(detail.seen)}`
  const finding = { path: place.path, code: place.code, message, layer }
  const suggestion = detail.suggestion ?? null
  return suggestion === null ? finding : { ...finding, suggestion }
}

/** Where something is found, and what. */
export interface Place {
  readonly path: string
  readonly code: FindingCode
}

/** Adds an error; one of the decoder means that nothing behind it sees the object. */
export function addError(report: Report, finding: Finding): void {
  if (finding.layer === 'decode') report.undecodable = true
  if (report.errors.length < MAX_ERRORS) report.errors.push(finding)
}

export function addWarning(report: Report, finding: Finding): void {
  if (report.warnings.length < MAX_WARNINGS) report.warnings.push(finding)
}

/** Findings as people read them: what two layers say of one place stands there once. */
export function toDistinctFindings(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ path, code }) => {
    const key = `${code} ${path}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** `path[key]`, for the entry of a map. */
export function entryPath(path: string, key: string): string {
  return `${path}[${printable(key)}]`
}

/** Containers are named by their type alone: they may be of any size and depth. */
function quote(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? (value === null ? 'null' : 'an object') : `\`${printable(String(value), 80)}\``
}
