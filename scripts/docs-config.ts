import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeConfig } from '../src/config/describe.ts'

const FILE = join(import.meta.dirname, '../docs/config.md')

/** Writes `docs/config.md` from the schema; with `--check` only says whether it is up to date. */
if (process.argv.includes('--check')) {
  const same = readFileSync(FILE, 'utf8') === describeConfig()
  if (!same) process.stderr.write('docs/config.md is out of date: run `node scripts/docs-config.ts`\n')
  process.exitCode = same ? 0 : 1
} else {
  writeFileSync(FILE, describeConfig())
}
