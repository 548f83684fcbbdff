import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

/** Which folder of src may import which others; data flows one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  pki: ['kernel'],
  identity: ['kernel', 'pki'],
  ca: ['kernel', 'pki', 'identity'],
  config: ['kernel', 'pki', 'identity'],
  store: ['kernel', 'pki', 'identity', 'ca'],
  telemetry: ['kernel', 'pki', 'identity', 'ca'],
  api: ['kernel', 'pki', 'identity', 'ca'],
  cli: ['kernel', 'pki', 'identity', 'config', 'app.ts'],
  'app.ts': ['kernel', 'pki', 'identity', 'ca', 'config', 'store', 'telemetry', 'api', 'app'],
  app: ['kernel', 'pki', 'identity', 'ca', 'config', 'store', 'telemetry', 'api'],
  'main.ts': ['kernel', 'cli'],
}

/** Packages that one folder alone may import. */
const HOME: Readonly<Record<string, string>> = {
  fastify: 'api/http',
  '@fastify/type-provider-typebox': 'api/http',
  '@grpc/grpc-js': 'api/grpc',
  'better-sqlite3': 'store',
  '@peculiar/x509': 'pki',
  '@peculiar/webcrypto': 'pki',
  'reflect-metadata': 'pki',
  jose: 'identity',
  pino: 'telemetry',
  'pino-pretty': 'telemetry',
  'prom-client': 'telemetry',
  yaml: 'config',
  commander: 'cli',
}

interface Import {
  readonly file: string
  readonly target: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found = text.matchAll(/^(?:import |(?:import|export) .* from |\} from |.*\bimport\()['"]([^'"]+)['"]/gm)
  return [...found].map((match) => ({ file, target: match[1] ?? '' }))
})

test('the import table sees the sources', () => {
  assert.ok(files.length > 60, `${files.length} files`)
  assert.ok(imports.length > 150, `${imports.length} imports`)
})

test('folders import only inwards', () => {
  const wrong = imports.filter(({ file, target }) => {
    if (!target.startsWith('.')) return false
    const from = folderOf(file)
    const to = folderOf(relative(SRC, join(SRC, dirname(file), target)))
    return from !== to && !(MAY_IMPORT[from] ?? []).includes(to)
  })
  assert.deepEqual(wrong, [])
})

test('api/http and api/grpc do not import each other', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      (file.startsWith('api/http/') && target.includes('/grpc/')) ||
      (file.startsWith('api/grpc/') && target.includes('/http/')),
  )
  assert.deepEqual(wrong, [])
})

test('each technology is imported in its one folder', () => {
  const wrong = imports.filter(({ file, target }) => {
    const home = HOME[packageOf(target)]
    return home !== undefined && !file.startsWith(`${home}/`)
  })
  assert.deepEqual(wrong, [])
})

test('every package that is imported has a home or is for everybody', () => {
  const everybody = ['typebox', '@bufbuild/protobuf']
  const wrong = imports
    .map(({ target }) => target)
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map(packageOf)
    .filter((name) => HOME[name] === undefined && !everybody.includes(name))
  assert.deepEqual(wrong, [])
})

function folderOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function packageOf(target: string): string {
  const parts = target.split('/')
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}
