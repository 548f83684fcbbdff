import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { openAsk } from '../../../src/cli/io.ts'

/** Asks somebody who types `keys` once asked; gives what the terminal showed, too. */
async function ask(keys: string, answer?: 'hidden') {
  const input = new PassThrough()
  const shown: string[] = []
  const terminal = new Writable({
    write(bytes, _encoding, done) {
      shown.push(String(bytes))
      done()
    },
  })
  const asked = openAsk(input, terminal)('Sure? ', answer)
  input.write(keys)
  const result = await asked.catch((error) => error)
  return { result, shown: shown.join('') }
}

test('ask: the answer is what was typed', async () => {
  const { result, shown } = await ask('yes\r')
  assert.equal(result, 'yes')
  assert.match(shown, /Sure\? .*yes/s)
})

test('ask: a hidden answer is not shown', async () => {
  const { result, shown } = await ask('secret\r', 'hidden')
  assert.equal(result, 'secret')
  assert.equal(shown, 'Sure? \n')
})

for (const [name, key] of [
  ['Ctrl-C', '\x03'],
  ['Ctrl-D', '\x04'],
] as const) {
  for (const answer of [undefined, 'hidden'] as const) {
    test(`ask: ${name} in place of ${answer ?? 'an'} answer cancels, and ends the line`, async () => {
      const { result, shown } = await ask(key, answer)
      assert.equal(result.code, 'cancelled')
      assert.ok(shown.endsWith('\n'))
    })
  }
}
