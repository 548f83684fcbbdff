import type { Upstream } from '../policy/decision.ts'
import type { Question } from '../policy/request.ts'
import type { Judgement } from './judgement.ts'

/** What the workload receives of an allowed HTTP request; null for anything else. Header names are in lower case. */
export function toUpstream({ http }: Question, { decision, attributes, mutations }: Judgement): Upstream | null {
  if (decision.decision !== 'allow' || http === null || attributes?.http === undefined || attributes.http === null) {
    return null
  }
  const { method, path, query, host } = attributes.http
  const set = mutations?.set ?? []
  const gone = new Set([...(mutations?.remove ?? []), ...set.map(([name]) => name)])
  const headers: Record<string, string[]> = Object.create(null)
  const kept = [...http.headers.entries()].filter(([name]) => !gone.has(name.toLowerCase()))
  for (const [name, value] of [...kept, ...set]) {
    const lower = name.toLowerCase()
    headers[lower] ??= []
    headers[lower].push(value)
  }
  return { method, path: path + query, host, headers }
}
