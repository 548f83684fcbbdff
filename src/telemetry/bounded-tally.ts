/** Counts by two labels, of at most so many series; what comes later counts together. */
export class BoundedTally {
  readonly #limit: number
  readonly #counts = new Map<string, Map<string, number>>()
  #series = 0
  #other = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(first: string, second: string, times = 1): void {
    const row = this.#counts.get(first)
    const count = row?.get(second)
    if (row !== undefined && count !== undefined) row.set(second, count + times)
    else if (this.#series >= this.#limit) this.#other += times
    else {
      this.#series++
      if (row === undefined) this.#counts.set(first, new Map([[second, times]]))
      else row.set(second, times)
    }
  }

  /** Every series; `other` in both labels is what was too much. */
  *entries(): Iterable<readonly [first: string, second: string, count: number]> {
    for (const [first, row] of this.#counts) for (const [second, count] of row) yield [first, second, count]
    if (this.#other > 0) yield ['other', 'other', this.#other]
  }
}
