import { isDeepStrictEqual } from 'node:util'
import type { Outcome, Upstream } from './row.ts'

const COMPARED = ['decision', 'status', 'cause', 'policy', 'dryRun', 'audit'] as const

/** The names of the fields in which two outcomes differ; `upstream` is looked at where it is wanted. */
export function differences(wanted: Outcome, got: Outcome): readonly string[] {
  const fields: string[] = COMPARED.filter((field) => !isDeepStrictEqual(wanted[field], got[field]))
  if (wanted.upstream) fields.push(...upstreamDifferences(wanted.upstream, got.upstream))
  return fields
}

function upstreamDifferences(wanted: Upstream, got: Upstream | undefined): readonly string[] {
  if (got === undefined) return ['upstream']
  const fields = (['method', 'path', 'host'] as const).filter((field) => wanted[field] !== got[field])
  const names = new Set([...Object.keys(wanted.headers), ...Object.keys(got.headers)])
  const headers = [...names].filter((name) => !isProxys(name) && !areEqual(wanted.headers[name], got.headers[name]))
  return [...fields.map((field) => `upstream.${field}`), ...headers.map((name) => `upstream.headers.${name}`)]
}

/** Headers that the proxy adds on its own account. */
function isProxys(name: string): boolean {
  return name === 'x-forwarded-client-cert' || name === 'x-forwarded-proto'
}

function areEqual(wanted: readonly string[] | undefined, got: readonly string[] | undefined): boolean {
  return isDeepStrictEqual(wanted?.map(readJson), got?.map(readJson))
}

/** Envoy writes the members of a JSON claim in no particular order. */
function readJson(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'base64').toString('utf8'))
  } catch {
    return value
  }
}
