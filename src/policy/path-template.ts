/** A path with `{*}` (one or more characters of a segment) and `{**}` (any characters, slashes included). */
export interface PathTemplate {
  readonly parts: readonly TemplatePart[]
}

type TemplatePart = { readonly literal: string } | { readonly wild: 'segment' | 'path' }

export function toPathTemplate(text: string): PathTemplate {
  const parts = text.split(/(\{\*{1,2}\})/).filter((part) => part !== '')
  return {
    parts: parts.map((part) =>
      part === '{*}' ? { wild: 'segment' } : part === '{**}' ? { wild: 'path' } : { literal: part },
    ),
  }
}

const ALLOWED = new Uint8Array(128)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()+,;:@=*") {
  ALLOWED[char.charCodeAt(0)] = 1
}
const SLASH = 47

/**
 * Whether the whole path fits. The set of positions that the parts so far can end at is carried along, so the time is
 * at most parts × length, whatever the template (no backtracking).
 */
export function fitsTemplate(template: PathTemplate, path: string): boolean {
  const { parts } = template
  const last = parts.at(-1)
  if (last !== undefined && 'literal' in last && !path.endsWith(last.literal)) return false
  let ends: readonly number[] = [0]
  for (const part of parts) {
    ends = 'literal' in part ? afterLiteral(ends, path, part.literal) : afterWild(ends, path, part.wild)
    if (ends.length === 0) return false
  }
  return ends.at(-1) === path.length
}

function afterLiteral(ends: readonly number[], path: string, literal: string): number[] {
  return ends.filter((end) => path.startsWith(literal, end)).map((end) => end + literal.length)
}

/** Ascending: the positions that a wild part can end at when it begins at one of `ends`. */
function afterWild(ends: readonly number[], path: string, wild: 'segment' | 'path'): number[] {
  const reached: number[] = []
  let open = false
  let next = 0
  for (let at = 0; at <= path.length; at++) {
    if (at > 0 && open && !isAllowed(path.charCodeAt(at - 1), wild)) open = false
    if (open) reached.push(at)
    if (ends[next] !== at) continue
    next++
    // `{**}` may stand for nothing
    if (wild === 'path' && !open) reached.push(at)
    open = true
  }
  return reached
}

function isAllowed(code: number, wild: 'segment' | 'path'): boolean {
  return code === SLASH ? wild === 'path' : ALLOWED[code] === 1
}
