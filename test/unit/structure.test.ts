import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

/** What works without knowing how it is reached or stored. */
const INNER = ['kernel', 'pki', 'audit', 'identity', 'ca', 'mesh', 'policy', 'decide', 'backup'] as const

/** Which folder of src may import which others; data flows one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  pki: ['kernel'],
  identity: ['kernel', 'pki'],
  audit: ['kernel', 'pki'],
  ca: ['kernel', 'pki', 'identity'],
  mesh: ['kernel'],
  policy: ['kernel', 'mesh'],
  decide: ['kernel', 'pki', 'identity', 'mesh', 'policy'],
  backup: ['kernel'],
  config: ['kernel', 'pki', 'identity', 'mesh'],
  store: ['kernel', 'pki', 'audit', 'identity', 'ca', 'mesh', 'backup'],
  telemetry: ['kernel', 'pki', 'identity', 'ca', 'mesh', 'policy', 'decide'],
  api: ['kernel', 'pki', 'audit', 'identity', 'ca', 'mesh', 'policy', 'decide'],
  cli: ['kernel', 'pki', 'audit', 'identity', 'mesh', 'policy', 'decide', 'backup', 'config', 'app.ts', 'app'],
  'app.ts': [...INNER, 'config', 'store', 'telemetry', 'api', 'app'],
  app: [...INNER, 'config', 'store', 'telemetry', 'api'],
  'main.ts': ['kernel', 'cli'],
}

/** Packages that these folders alone may import. */
const HOME: Readonly<Record<string, string | readonly string[]>> = {
  fastify: 'api/http',
  '@fastify/type-provider-typebox': 'api/http',
  '@grpc/grpc-js': 'api/grpc',
  'better-sqlite3': 'store',
  '@peculiar/x509': 'pki',
  '@peculiar/webcrypto': 'pki',
  'reflect-metadata': 'pki',
  pkcs11js: 'pki/pkcs11',
  jose: ['identity', 'decide'],
  pino: 'telemetry',
  'pino-pretty': 'telemetry',
  'prom-client': 'telemetry',
  yaml: ['config', 'mesh'],
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

test('each technology is imported in its own folders', () => {
  const wrong = imports.filter(({ file, target }) => {
    const home = HOME[packageOf(target)]
    return home !== undefined && ![home].flat().some((folder) => file.startsWith(`${folder}/`))
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
