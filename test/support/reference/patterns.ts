/**
 * Istio's generic string pattern: `*` a value that is not empty, a leading `*` a suffix, a trailing `*` a prefix, else
 * exactly this text. Only the first or last `*` is special, and the leading one wins.
 */
export function matchesPattern(pattern: string, value: string): boolean {
  if (pattern === '*') return value !== ''
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1))
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1))
  return value === pattern
}

/** Each `*` stands for any characters, `/` too; every other character for itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (!pattern.startsWith('*')) return pattern[0] === text[0] && matchesGlob(pattern.slice(1), text.slice(1))
  for (let skipped = 0; skipped <= text.length; skipped++) {
    if (matchesGlob(pattern.slice(1), text.slice(skipped))) return true
  }
  return false
}
