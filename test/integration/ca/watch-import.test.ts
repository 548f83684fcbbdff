import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Authority } from '../../../src/ca/authority.ts'
import { openImporter } from '../../../src/ca/import/importer.ts'
import { readCrls } from '../../../src/ca/import/read-crls.ts'
import { ImportWatch, type ImportWatchDeps } from '../../../src/ca/import/watch-import.ts'
import { AppError } from '../../../src/kernel/errors.ts'
import { type Log, silentLog } from '../../../src/kernel/log.ts'
import { DirectoryEvents } from '../../../src/mesh/directory-events.ts'
import { readCaDirectory } from '../../../src/pki/ca-directory.ts'
import { memoryKeys } from '../../support/authority.ts'
import { keyPem, ROOT, ROOT_PEM, SIGNER_PEM, signerPem } from '../../support/ca-material.ts'
import { ODD_NOW } from '../../support/odd-certificate.ts'
import { newDirectory } from '../../support/service.ts'
import { eventually } from '../../support/service-api.ts'

const CACERTS = {
  'ca-cert.pem': SIGNER_PEM,
  'ca-key.pem': keyPem(),
  'cert-chain.pem': SIGNER_PEM,
  'root-cert.pem': ROOT_PEM,
}

let directory: string
let events: string[]
let known: Authority[]
let failure: AppError | null
let watches: ImportWatch[]
let crls: (string | null)[]

beforeEach(() => {
  directory = newDirectory()
  events = []
  known = []
  failure = null
  watches = []
  crls = []
})
afterEach(() => Promise.all(watches.map((watch) => watch.close())))

function write(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
}

/** The clock stands at the time of the certificates and runs. */
async function open(isWatched = true): Promise<ImportWatch> {
  const log: Log = { ...silentLog, info: (event) => void events.push(event), error: (event) => void events.push(event) }
  const started = performance.now()
  const clock = {
    now: () => ODD_NOW * 1000 + Math.floor(performance.now() - started),
    monotonic: () => performance.now(),
  }
  const importer = openImporter({
    keys: memoryKeys(),
    intake: {
      async adopt(authorities) {
        if (failure !== null) throw failure
        known = [...known.filter(({ id }) => !authorities.some((one) => one.id === id)), ...authorities]
      },
    },
    known: () => known,
    trustedRoots: () => [],
    clock,
    trustDomain: 'cluster.local',
    defaultTtlSeconds: 3600,
    ownNames: { uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar', dns: [], ips: [] },
    record: async () => {},
  })
  const listen = (path: string, onEvent: () => void) => new DirectoryEvents(path, onEvent)
  const takeCrls: ImportWatchDeps['takeCrls'] = async (file) => {
    crls.push(file?.text ?? null)
    return file === null ? [] : readCrls(file).findings
  }
  const watch = new ImportWatch({ directory, isWatched }, { importer, takeCrls, listen, clock, log })
  watches.push(watch)
  await watch.open()
  return watch
}

const intermediate = () => known.find(({ kind }) => kind === 'intermediate')

describe('authority.import', () => {
  test('CRLs that lie there are handed over with each change, and stop no signer', async () => {
    write(directory, CACERTS)
    const watch = await open()
    assert.deepEqual(crls, [null])
    write(directory, { 'ca-crl.pem': 'no CRL at all' })
    await eventually('the CRLs', () => crls.length === 2)
    const told = () => watch.status().findings.find(({ file }) => file === 'ca-crl.pem')
    await eventually('the warning', () => told() !== undefined)
    assert.deepEqual([watch.status().isOk, told()?.code, told()?.level], [true, 'crl.malformed', 'warning'])
    rmSync(join(directory, 'ca-crl.pem'))
    await eventually('their end', () => crls.length === 3 && crls.at(-1) === null)
    assert.equal(watch.status().isOk, true)
  })

  test('a directory is taken at the start and again when its files change', async () => {
    write(directory, CACERTS)
    const watch = await open()
    assert.deepEqual([watch.status().isOk, watch.status().problem], [true, null])
    assert.equal(watch.status().authority, intermediate()?.id)
    const renewed = signerPem({ notAfter: ODD_NOW + 20 * 86_400 })
    write(directory, { 'ca-cert.pem': renewed, 'cert-chain.pem': renewed })
    await eventually('the renewed certificate', async () => intermediate()?.notAfter === ODD_NOW + 20 * 86_400)
  })

  test('hostile 109: a bad change is refused in public, once in the log, and what was accepted stays', async () => {
    write(directory, CACERTS)
    const watch = await open()
    const before = known
    write(directory, { 'ca-key.pem': keyPem(ROOT.key) })
    await eventually('the refusal', async () => !watch.status().isOk)
    assert.match(watch.status().problem ?? '', /^ca-key\.pem: it is not the key of ca-cert\.pem/)
    assert.deepEqual(known, before)
    assert.notEqual(watch.status().acceptedAt, null)
    assert.deepEqual(events, ['authority.import_accepted', 'authority.import_refused'])
    write(directory, CACERTS)
    await eventually('the acceptance', async () => watch.status().isOk)
  })

  test("Kubernetes' swap of the ..data link is noticed", async () => {
    const tls = { 'tls.crt': SIGNER_PEM, 'tls.key': keyPem(), 'ca.crt': ROOT_PEM }
    write(join(directory, '..1'), tls)
    symlinkSync('..1', join(directory, '..data'))
    for (const name of Object.keys(tls)) symlinkSync(join('..data', name), join(directory, name))
    const watch = await open()
    assert.equal(watch.status().problem, null)
    write(join(directory, '..2'), { ...tls, 'tls.crt': signerPem({ notAfter: ODD_NOW + 9 * 86_400 }) })
    symlinkSync('..2', join(directory, '..data_tmp'))
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
    rmSync(join(directory, '..1'), { recursive: true })
    await eventually('the swap', async () => intermediate()?.notAfter === ODD_NOW + 9 * 86_400)
  })

  test('what rotation does not take is tried again', async () => {
    failure = new AppError('authority.invalid_transition', 'another is prepared')
    write(directory, CACERTS)
    const watch = await open()
    assert.equal(watch.status().problem, 'another is prepared')
    failure = null
    writeFileSync(join(directory, 'unrelated'), '')
    await eventually('the second try', async () => watch.status().isOk)
  })

  test('without watching it is read at the start alone', async () => {
    const watch = await open(false)
    assert.match(watch.status().problem ?? '', /^ca-cert\.pem: there is no such file/)
    write(directory, CACERTS)
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(watch.status().isOk, false)
  })
})

describe('the files of a directory', () => {
  const cases: readonly (readonly [what: string, change: () => void, findings: readonly string[]])[] = [
    ['whole', () => {}, []],
    ['a file missing', () => rmSync(join(directory, 'root-cert.pem')), ['error root-cert.pem file.missing']],
    ['a key for everybody', () => chmodSync(join(directory, 'ca-key.pem'), 0o644), ['error ca-key.pem key.exposed']],
    [
      'a key for its group',
      () => chmodSync(join(directory, 'ca-key.pem'), 0o640),
      ['warning ca-key.pem key.group_readable'],
    ],
    [
      'a huge file',
      () => writeFileSync(join(directory, 'cert-chain.pem'), 'x'.repeat(300_000)),
      ['error cert-chain.pem file.too_large'],
    ],
    [
      'no file',
      () => {
        rmSync(join(directory, 'ca-cert.pem'))
        mkdirSync(join(directory, 'ca-cert.pem'))
      },
      ['error ca-cert.pem file.unreadable'],
    ],
  ]
  for (const [what, change, wanted] of cases) {
    test(what, async () => {
      write(directory, CACERTS)
      change()
      const { material, findings } = await readCaDirectory(directory)
      assert.deepEqual(
        findings.map(({ level, file, code }) => `${level} ${file} ${code}`),
        wanted,
      )
      assert.equal(
        material === null,
        wanted.some((finding) => finding.startsWith('error')),
      )
    })
  }
})
