/**
 * What would steer a terminal or forge a line: controls (escape sequences begin with them), marks that change the
 * direction of writing or have no width, line and paragraph separators, lone surrogates (hostile 22, 102).
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text of a stranger, fit for one line on a terminal. */
export function toSafeText(text: string): string {
  return text.replace(UNSAFE, '?')
}

/** JSON for a pipe or a terminal: what would steer the latter is escaped, so the value stays the same. */
export function toSafeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSAFE, (char) => (char === '\n' ? char : toEscapes(char)))
}

/** The same in one line, for streams of JSON lines. */
export function toSafeJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, toEscapes)
}

/** JSON text as it came, digit for digit; blank space between its values may stay. */
export function toSafeJsonText(text: string): string {
  return text.replace(UNSAFE, (char) => (/[\n\r\t]/.test(char) ? char : toEscapes(char)))
}

function toEscapes(char: string): string {
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
