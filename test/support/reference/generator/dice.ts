import type { Random } from '../../der-mutations.ts'

/** One of a list. */
export function pick<T>(dice: Random, list: readonly T[]): T {
  if (list.length === 0) throw new TypeError('nothing to pick from')
  return list[dice(list.length)] as T
}

/** True once in `sides` times, for the face that comes last: dice that only give 0 draw the simplest case. */
export function oneIn(dice: Random, sides: number): boolean {
  return dice(sides) === sides - 1
}

/** As many results as asked for. */
export function times<T>(count: number, draw: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => draw(index))
}

/** Between one and `most` different items of a list. */
export function pickSome<T>(dice: Random, list: readonly T[], most = 3): T[] {
  return [...new Set(times(1 + dice(most), () => pick(dice, list)))]
}
