import type { FindingCode } from '../finding-codes.ts'

const ONE = '{*}'
const ANY = '{**}'
/** The `pchar` of RFC 3986 appendix A without `*`; percent signs are not looked behind. */
const LITERAL = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/

/** True for a path that Envoy matches as a template. */
export function isPathTemplate(path: string): boolean {
  return path.includes(ONE) || path.includes(ANY)
}

/** What is wrong with a path, segment by segment; braces are looked for in paths that are no template, too. */
export function problemOfPath(path: string): FindingCode | null {
  const templated = isPathTemplate(path)
  let sawAny = false
  for (const segment of trimSlashes(path).split('/')) {
    if (segment === ONE || segment === ANY) {
      if (sawAny) return 'template-anything-not-last'
      sawAny = segment === ANY
    } else if (segment.includes('{') || segment.includes('}')) {
      return 'template-braces'
    } else if (templated && !LITERAL.test(segment)) {
      return 'template-literal'
    }
  }
  return null
}

function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (start < end && path[start] === '/') start++
  while (end > start && path[end - 1] === '/') end--
  return path.slice(start, end)
}
