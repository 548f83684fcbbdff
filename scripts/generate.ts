import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Generates src/api/grpc/generated from proto/; with --check it only compares.

const TARGET = 'src/api/grpc/generated'

function generateInto(directory: string): void {
  execFileSync('buf', ['generate', '--output', directory], { stdio: 'inherit' })
  const set = execFileSync('buf', ['build', '--as-file-descriptor-set', '--output', '-#format=binpb'])
  const lines = set.toString('base64').match(/.{1,110}/g) ?? []
  const text = [
    '// Generated from proto/ by scripts/generate.ts; do not edit.',
    '',
    '/** The FileDescriptorSet of every proto file, base64, for server reflection. */',
    `export const DESCRIPTORS =\n${lines.map((line) => `  '${line}'`).join(' +\n')}\n`,
  ]
  writeFileSync(join(directory, TARGET, 'descriptors.ts'), text.join('\n'))
}

function contents(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return new Map(names.sort().map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
}

const scratch = mkdtempSync(join(tmpdir(), 'alcazar-generate-'))
try {
  generateInto(scratch)
  const fresh = contents(join(scratch, TARGET))
  if (process.argv.includes('--check')) {
    const present = contents(TARGET)
    const stale = [...new Set([...fresh.keys(), ...present.keys()])].filter(
      (name) => fresh.get(name) !== present.get(name),
    )
    if (stale.length > 0) {
      process.stderr.write(`generated code is stale (${stale.join(', ')}): run npm run generate\n`)
      process.exitCode = 1
    } else {
      process.stdout.write(`generated code is up to date (${fresh.size} files)\n`)
    }
  } else {
    rmSync(TARGET, { recursive: true, force: true })
    cpSync(join(scratch, TARGET), TARGET, { recursive: true })
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
