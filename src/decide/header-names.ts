/** Whether a header field (name in lower case) is among those of a list. */
export type HeaderNames = (name: string) => boolean

/** Compiles Istio's lists of header names: exact, `prefix*` or `*suffix`, case-insensitive. */
export function compileHeaderNames(patterns: readonly string[]): HeaderNames {
  const written = patterns.map((pattern) => pattern.toLowerCase())
  const exact = new Set(written.filter((pattern) => !pattern.includes('*')))
  const prefixes = written.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  const suffixes = written.filter((pattern) => pattern.startsWith('*')).map((pattern) => pattern.slice(1))
  return (name) =>
    exact.has(name) ||
    prefixes.some((prefix) => name.startsWith(prefix)) ||
    suffixes.some((suffix) => name.endsWith(suffix))
}
