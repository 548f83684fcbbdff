import { toSafeText } from './safe-text.ts'
import type { Style } from './style.ts'

/** One column: its heading and what stands in it. */
export interface Column<T> {
  readonly heading: string
  readonly cell: (item: T) => string
  /** Applied after the width is known, so that it changes no alignment. */
  readonly paint?: (text: string, item: T) => string
}

const GAP = '  '
const NOTHING = '-'

/** Lines of aligned columns under their headings, every cell made safe. */
export function layTable<T>(columns: readonly Column<T>[], items: readonly T[], style: Style): string {
  const rows = items.map((item) => columns.map(({ cell }) => toSafeText(cell(item)) || NOTHING))
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const pad = (text: string, i: number) => (i === columns.length - 1 ? text : text.padEnd(widths[i] ?? 0))
  const headings = columns.map(({ heading }, i) => style.dim(pad(heading, i))).join(GAP)
  const lines = rows.map((row, r) => row.map((text, i) => paintCell(columns[i], items[r], pad(text, i))).join(GAP))
  return [headings, ...lines].map((line) => `${line}\n`).join('')
}

/** Lines `label  value`, labels aligned; each value made safe, those that are undefined left out. */
export function layFields(
  fields: readonly (readonly [label: string, value: string | undefined])[],
  style: Style,
): string {
  const width = Math.max(...fields.map(([label]) => label.length))
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([label, value = '']) => `${style.dim(label.padEnd(width))}${GAP}${toSafeText(value) || NOTHING}\n`)
    .join('')
}

function paintCell<T>(column: Column<T> | undefined, item: T | undefined, text: string): string {
  return column?.paint === undefined || item === undefined ? text : column.paint(text, item)
}
