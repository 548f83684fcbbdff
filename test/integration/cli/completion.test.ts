import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { fakeIo } from '../../support/fake-io.ts'

async function scriptFor(shell: 'bash' | 'zsh'): Promise<string> {
  const io = fakeIo()
  assert.equal(await runCommandLine(['completion', shell], io), 0)
  return io.out()
}

const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0
const bash = { skip: !isThere('bash') }
const zsh = { skip: !isThere('zsh') }

test('completion: bash takes the script', bash, async () => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: await scriptFor('bash'), encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('completion: zsh takes the script', zsh, async () => {
  const { status, stderr } = spawnSync('zsh', ['-n'], { input: await scriptFor('zsh'), encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

/** What bash offers when the last of `words` is completed. */
function complete(script: string, words: readonly string[]): string[] {
  const input = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_alcazar
printf '%s\\n' "\${COMPREPLY[@]}"
`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-s'], { input, encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

const cases: readonly (readonly [line: readonly string[], want: readonly string[]])[] = [
  [['t'], ['token']],
  [
    ['token', ''],
    ['create', 'list', 'revoke'],
  ],
  [['--output', 'json', 'token', 're'], ['revoke']],
  [
    ['--output', ''],
    ['json', 'table'],
  ],
  [['cert', 'list', '--output', 'j'], ['json']],
  [['cert', 'list', '--output', '=', 't'], ['table']],
  [
    ['cert', 'list', '--output', '='],
    ['json', 'table'],
  ],
  [
    ['cert', 'issue', '--key-type', 'ec'],
    ['ec-p256', 'ec-p384'],
  ],
  [['cert', 'issue', '--id'], ['--identity']],
  [
    ['cert', 'issue', '--identity', 'token', '--ou'],
    ['--out', '--output'],
  ],
  [['cert', 'list', '--li'], ['--limit']],
  [
    ['bundle', 'show', '--format', ''],
    ['pem', 'spiffe'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['status', '--ser'], ['--server']],
  [['cert', 'show', 'package.js'], ['package.json']],
  [['status', '--cacert', 'package.js'], ['package.json']],
  [['token', 'revoke', ''], []],
]
for (const [line, want] of cases) {
  test(`completion: \`alcazar ${line.join(' ')}\` offers ${want.join(', ') || 'nothing'}`, bash, async () => {
    assert.deepEqual(complete(await scriptFor('bash'), ['alcazar', ...line]), want)
  })
}
