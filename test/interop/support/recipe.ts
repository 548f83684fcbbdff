import assert from 'node:assert/strict'
import { readDoc } from '../../support/markdown.ts'

/** What stands in a recipe, and what stands there when a test runs it: ports, addresses, folders. */
export type Substitutions = Readonly<Record<string, string>>

/** The files of `docs/recipes/<name>.md` by their names: blocks that begin with ```` ```<language> <file> ````. */
export function readRecipe(name: string): (file: string, substitutions?: Substitutions) => string {
  const blocks = [...readDoc(`recipes/${name}.md`).matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)]
  const files = new Map(blocks.map(([, file = '', text = '']) => [file, text]))
  return (file, substitutions = {}) => {
    const text = files.get(file)
    assert.ok(text !== undefined, `${name}.md has no ${file}`)
    return substitute(text, substitutions)
  }
}

/** Longer texts first, so that none is changed twice; each must be there, or the test would run something else. */
function substitute(text: string, substitutions: Substitutions): string {
  return Object.keys(substitutions)
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, from) => {
      assert.ok(left.includes(from), `the recipe has no ${from}`)
      return left.replaceAll(from, substitutions[from] ?? '')
    }, text)
}
