import { toSafeText } from '../safe-text.ts'

/** No line of an explanation is longer. */
const WIDTH = 100

/** One safe line that leaves `indent` columns of the width free; what is too long ends in `…`. */
export function fit(text: string, indent: number): string {
  return cut(toSafeText(text), WIDTH - indent)
}

/** At most `room` characters. */
export function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`
}

/** The same in up to `lines` lines, broken at blanks where there are some. */
export function wrap(text: string, { indent, lines }: { readonly indent: number; readonly lines: number }): string[] {
  const room = WIDTH - indent
  const safe = toSafeText(text)
  if (lines === 1 || safe.length <= room) return [fit(safe, indent)]
  const blank = safe.lastIndexOf(' ', room)
  const end = blank <= 0 ? room : blank
  return [safe.slice(0, end), ...wrap(safe.slice(end).trimStart(), { indent, lines: lines - 1 })]
}
