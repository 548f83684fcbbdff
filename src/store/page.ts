import type { Page, PageRequest } from '../kernel/page.ts'
import { checkLimit, parseCursor, toCursor } from './cursor.ts'

/** How a row becomes an item, and which key leads to what is behind it. */
export interface RowReading<Row, Item> {
  readonly item: (row: Row) => Item
  readonly key: (row: Row) => readonly number[]
}

/** The page of `rows`, of which one more than `limit` was asked for, so that it is known whether there is more. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, key }: RowReading<Row, Item>,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(item), next: rows.length > limit && last !== undefined ? toCursor(...key(last)) : null }
}

/** Reads at most `limit` rows whose number is below the given one, highest first. */
type ReadBelow<Row> = (below: number, limit: number) => readonly Row[]

/** A page of rows that are numbered in the order of their writing, newest first; throws `request.malformed`. */
export function newestFirst<Row, Item>(
  { limit, after }: PageRequest,
  read: ReadBelow<Row>,
  reading: RowReading<Row, Item>,
): Page<Item> {
  checkLimit(limit)
  const [below = 0] = after === undefined ? [Number.MAX_SAFE_INTEGER] : parseCursor(after, 1)
  return toPage(read(below, limit + 1), limit, reading)
}
