/** A text whose every `*` stands for any characters, matched without backtracking: each piece is found leftmost. */
export interface Glob {
  readonly head: string
  readonly middle: readonly string[]
  readonly tail: string
  /** Whether there is no `*` at all: then `head` is the whole text. */
  readonly literal: boolean
}

export function toGlob(text: string): Glob {
  const pieces = text.split('*')
  const head = pieces[0] ?? ''
  if (pieces.length === 1) return { head, middle: [], tail: '', literal: true }
  return { head, middle: pieces.slice(1, -1), tail: pieces.at(-1) ?? '', literal: false }
}

/** Whether the whole of `value` fits. */
export function fitsGlob(glob: Glob, value: string): boolean {
  const { head, middle, tail, literal } = glob
  if (literal) return value === head
  if (!value.startsWith(head)) return false
  let at = head.length
  for (const piece of middle) {
    const found = value.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return value.length - tail.length >= at && value.endsWith(tail)
}
