import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrefixTree } from '../../../src/policy/prefix-tree.ts'
import fc from '../../support/fast-check.ts'

/** What a walk along `text` finds, node by node. */
function walk(tree: PrefixTree, text: string): number[] {
  const found: number[] = []
  for (let node: ReturnType<PrefixTree['root']['below']> = tree.root; node !== null; node = node.below(text)) {
    found.push(...(node.values ?? []))
  }
  return found
}

const word = fc.string({ unit: fc.constantFrom('/', 'a', 'b', 'ä', '\u{1f600}'), maxLength: 6 })

test('a walk finds exactly the prefixes of the text, shorter ones first', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), word, (prefixes, text) => {
      const tree = new PrefixTree()
      for (const [value, prefix] of prefixes.entries()) tree.add(prefix, value)
      const wanted = prefixes
        .map((prefix, value) => ({ prefix, value }))
        .filter(({ prefix }) => text.startsWith(prefix))
        .sort((a, b) => a.prefix.length - b.prefix.length || a.value - b.value)
      assert.deepEqual(
        walk(tree, text),
        wanted.map(({ value }) => value),
      )
    }),
  )
})

test('a prefix that parts a longer one keeps what is below it', () => {
  const tree = new PrefixTree()
  tree.add('/items/old', 1)
  tree.add('/items', 2)
  tree.add('/items/new', 3)
  assert.deepEqual(walk(tree, '/items/old/7'), [2, 1])
  assert.deepEqual(walk(tree, '/items/newest'), [2, 3])
  assert.deepEqual(walk(tree, '/item'), [])
})
