import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const DOCS = join(import.meta.dirname, '../../docs')

/** The text of a file in docs. */
export function readDoc(name: string): string {
  return readFileSync(join(DOCS, name), 'utf8')
}

/** The cells of every table row whose first cell is code, without its backticks. */
export function codeRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((line) => {
    const [first = '', ...others] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return [first.replaceAll('`', ''), ...others]
  })
}
