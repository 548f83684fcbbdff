/** One line of a difference: in both texts, only in the first, only in the second. */
interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** How many lines around a change are shown. */
const CONTEXT = 3
/** Comparing takes time and memory by the product of the differing lines; beyond this all of them are shown as changed. */
const MAX_CELLS = 4_000_000

/** Two texts as `diff -u` shows them, without its file headings; empty when they are the same. */
export function toUnifiedDiff(from: string, to: string): string {
  const lines = compareLines(toLines(from), toLines(to))
  return hunksOf(lines)
    .map(({ first, last }) => toHunk(lines, first, last))
    .join('')
}

function toLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** What is the same at both ends is set aside; between lies a longest common subsequence. */
function compareLines(from: readonly string[], to: readonly string[]): readonly Line[] {
  const shorter = Math.min(from.length, to.length)
  let head = 0
  while (head < shorter && from[head] === to[head]) head++
  let tail = 0
  while (tail < shorter - head && from.at(-1 - tail) === to.at(-1 - tail)) tail++
  return [
    ...from.slice(0, head).map(toLine(' ')),
    ...compareMiddles(from.slice(head, from.length - tail), to.slice(head, to.length - tail)),
    ...from.slice(from.length - tail).map(toLine(' ')),
  ]
}

function compareMiddles(from: readonly string[], to: readonly string[]): readonly Line[] {
  if (from.length * to.length > MAX_CELLS) return [...from.map(toLine('-')), ...to.map(toLine('+'))]
  const common = lengthsOfCommon(from, to)
  const width = to.length + 1
  const lines: Line[] = []
  let i = 0
  let j = 0
  while (i < from.length || j < to.length) {
    const without = i < from.length ? (common[(i + 1) * width + j] ?? 0) : -1
    const skipped = j < to.length ? (common[i * width + j + 1] ?? 0) : -1
    if (i < from.length && j < to.length && from[i] === to[j]) {
      lines.push({ sign: ' ', text: from[i++] ?? '' })
      j++
    } else if (without >= skipped) lines.push({ sign: '-', text: from[i++] ?? '' })
    else lines.push({ sign: '+', text: to[j++] ?? '' })
  }
  return lines
}

/** At `i * (to.length + 1) + j`: how many lines of `from` behind i and of `to` behind j can be the same. */
function lengthsOfCommon(from: readonly string[], to: readonly string[]): Uint32Array {
  const width = to.length + 1
  const lengths = new Uint32Array((from.length + 1) * width)
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      const below = (i + 1) * width + j
      const at = i * width + j
      lengths[at] =
        from[i] === to[j] ? (lengths[below + 1] ?? 0) + 1 : Math.max(lengths[below] ?? 0, lengths[at + 1] ?? 0)
    }
  }
  return lengths
}

function toLine(sign: Line['sign']): (text: string) => Line {
  return (text) => ({ sign, text })
}

interface Hunk {
  readonly first: number
  readonly last: number
}

/** Changes with their context; what is so near that the contexts touch is one hunk. */
function hunksOf(lines: readonly Line[]): readonly Hunk[] {
  const hunks: { first: number; last: number }[] = []
  for (const [i, { sign }] of lines.entries()) {
    if (sign === ' ') continue
    const first = Math.max(0, i - CONTEXT)
    const last = Math.min(lines.length - 1, i + CONTEXT)
    const before = hunks.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = last
    else hunks.push({ first, last })
  }
  return hunks
}

function toHunk(lines: readonly Line[], first: number, last: number): string {
  const before = lines.slice(0, first)
  const shown = lines.slice(first, last + 1)
  const range = (other: Line['sign']) => {
    const count = shown.filter(({ sign }) => sign !== other).length
    const start = before.filter(({ sign }) => sign !== other).length
    return `${count === 0 ? start : start + 1},${count}`
  }
  const body = shown.map(({ sign, text }) => `${sign}${text}\n`).join('')
  return `@@ -${range('+')} +${range('-')} @@\n${body}`
}
