/** One page of a list; `next` is the cursor to give as `after`, null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** Which page: `limit` 1 to 1,000, `after` a cursor of an earlier answer. */
export interface PageRequest {
  readonly limit: number
  readonly after?: string
}
