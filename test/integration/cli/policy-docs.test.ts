import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readDoc } from '../../support/markdown.ts'

const LAUNCHER = join(import.meta.dirname, '../../../bin/alcazar.cjs')
/** `npx alcazar` in a checkout is its launcher. */
const NPX = 'npx() { [ "$1" = alcazar ] && shift && "$NODE" "$LAUNCHER" "$@"; }'
/** What needs no server. */
const SECTIONS = ['Writing', 'Testing', 'Explaining']

interface Block {
  /** What stands behind the backticks: `sh`, `yaml NAME`, `text`. */
  readonly kind: string
  readonly text: string
}

function blocksOf(section: string): Block[] {
  const [, text = ''] = readDoc('policy.md').split(`\n## ${section}\n`)
  const [own = ''] = text.split('\n## ')
  return [...own.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', block = '']) => ({ kind, text: block }))
}

test('the files and commands of docs/policy.md do what it says', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'alcazar-docs-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const blocks = SECTIONS.flatMap(blocksOf)
  for (const { kind, text } of blocks.filter((block) => block.kind.startsWith('yaml '))) {
    const path = join(directory, kind.slice('yaml '.length))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const commands = blocks.filter(({ kind }) => kind === 'sh').map(({ text }) => text)
  assert.equal(commands.length, SECTIONS.length)
  const env = { PATH: process.env.PATH, NODE: process.execPath, LAUNCHER }
  const script = [NPX, ...commands].join('\n')
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: directory, env })
  const [shown] = blocks.filter(({ kind }) => kind === 'text')
  assert.ok(shown !== undefined && stdout.endsWith(shown.text), stdout)
  assert.match(stdout, /^passed: 3 decisions of 3 cases$/m)
})
