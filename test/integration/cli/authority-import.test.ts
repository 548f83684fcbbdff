import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Command } from 'commander'
import { CommandError, NegativeResult } from '../../../src/cli/command-error.ts'
import { addImportCommands } from '../../../src/cli/commands/authority-import.ts'
import { keyPem, ROOT_PEM, SIGNER_PEM } from '../../support/ca-material.ts'
import { type FakeApi, openFakeApi, type Reply, type Seen } from '../../support/fake-api.ts'
import { type FakeIo, fakeIo } from '../../support/fake-io.ts'

const ID = '9'.repeat(40)
const ADOPTED = [{ id: ID, kind: 'intermediate', state: 'prepared' }]
const WARNING = { file: 'tls.crt', code: 'path_length.open', level: 'warning', text: 'it has no path length' }

function accept(): Reply {
  return { body: { accepted: true, id: ID, adopted: ADOPTED, findings: [WARNING] } }
}

/** Runs `authority …` against the fake. */
async function run(api: FakeApi, args: readonly string[], output = 'table'): Promise<FakeIo> {
  const io = fakeIo()
  const program = new Command('alcazar').option('--server <s>').option('--output <f>').exitOverride()
  addImportCommands(program.command('authority'), io)
  await program.parseAsync(['--server', api.socket, '--output', output, 'authority', ...args], { from: 'user' })
  return io
}

function writeTls(api: FakeApi, mode = 0o600): string {
  const directory = join(api.directory, 'tls')
  mkdirSync(directory)
  writeFileSync(join(directory, 'tls.crt'), SIGNER_PEM)
  writeFileSync(join(directory, 'tls.key'), keyPem(), { mode })
  writeFileSync(join(directory, 'ca.crt'), ROOT_PEM)
  return directory
}

function bodyOf(seen: Seen | undefined): unknown {
  return JSON.parse(seen?.body ?? '')
}

const named = (name: string, text: string) => ({ name, text })

describe('authority import', () => {
  test('sends a directory and shows what was taken', async () => {
    await using api = await openFakeApi(accept)
    const io = await run(api, ['import', writeTls(api), '--reason', 'ours'])
    assert.deepEqual(bodyOf(api.seen[0]), {
      certificate: named('tls.crt', SIGNER_PEM),
      key: named('tls.key', keyPem()),
      roots: named('ca.crt', ROOT_PEM),
      reason: 'ours',
    })
    assert.match(io.out(), /^warning: tls\.crt: it has no path length \[path_length\.open\]\nfit to sign here\n/)
    assert.match(io.out(), /the intermediate 9+ is prepared\n.*authority activate 9+/)
  })

  test('a file too large to be one of an authority is refused, not cut short', async () => {
    await using api = await openFakeApi(accept)
    const large = join(api.directory, 'large.pem')
    writeFileSync(large, ROOT_PEM.repeat(1_000))
    await assert.rejects(
      run(api, ['import', '--certificate', join(writeTls(api), 'tls.crt'), '--root', large]),
      (error) => error instanceof CommandError && error.code === 'file.unreadable',
    )
    assert.equal(api.seen.length, 0)
  })

  test('a dry run says what would be, and a verdict against it exits 1', async () => {
    const refused = { ...WARNING, level: 'error' }
    await using api = await openFakeApi(() => ({
      body: { accepted: false, id: null, adopted: [], findings: [refused] },
    }))
    const directory = writeTls(api)
    await assert.rejects(run(api, ['import', directory, '--dry-run'], 'json'), NegativeResult)
    assert.equal((bodyOf(api.seen[0]) as { dryRun: boolean }).dryRun, true)
  })

  test('a key that everybody can read is not even sent', async () => {
    await using api = await openFakeApi(accept)
    await assert.rejects(run(api, ['import', writeTls(api, 0o644)]), NegativeResult)
    assert.deepEqual(api.seen, [])
  })

  test('takes single files for a certificate of `authority csr`', async () => {
    await using api = await openFakeApi(accept)
    const file = join(api.directory, 'signed.pem')
    writeFileSync(file, SIGNER_PEM)
    await run(api, ['import', '--certificate', file])
    assert.deepEqual(bodyOf(api.seen[0]), { certificate: named('signed.pem', SIGNER_PEM) })
  })

  for (const args of [['import'], ['import', 'x', '--certificate', 'y'], ['import', 'x', '--key', 'y']]) {
    test(`usage: ${args.join(' ')}`, async () => {
      await using api = await openFakeApi(accept)
      await assert.rejects(run(api, args), (error: CommandError) => error.code === 'usage')
    })
  }

  test('every finding of a refusal is told', async () => {
    const errors = [{ document: 0, path: 'tls.key', code: 'key.mismatch', message: 'it is not the key' }]
    const problem = { code: 'authority.import_refused', detail: 'tls.key: it is not the key', errors }
    await using api = await openFakeApi(() => ({ status: 422, body: problem }))
    await assert.rejects(run(api, ['import', writeTls(api)]), (error: CommandError) => {
      return error instanceof CommandError && error.code === 'authority.import_refused' && error.exit === 1
    })
  })

  test('--status shows the directory, and exits 1 where it is refused', async () => {
    const state = {
      directory: '/etc/cacerts',
      problem: null,
      findings: [],
      authority: ID,
      readAt: null,
      acceptedAt: null,
    }
    await using good = await openFakeApi(() => ({ body: { authorityImport: { ...state, ok: true } } }))
    assert.match((await run(good, ['import', '--status'])).out(), /\/etc\/cacerts\n.*fit to sign here\n$/s)
    await using bad = await openFakeApi(() => ({
      body: { authorityImport: { ...state, ok: false, problem: 'expired' } },
    }))
    await assert.rejects(run(bad, ['import', '--status']), NegativeResult)
    await using none = await openFakeApi(() => ({ body: { authorityImport: null } }))
    await assert.rejects(
      run(none, ['import', '--status']),
      (error: CommandError) => error.code === 'resource.not_found',
    )
  })
})

describe('authority csr', () => {
  test('writes the CSR, and nothing over a file that is there', async () => {
    await using api = await openFakeApi(() => ({ status: 201, body: { id: ID, keyType: 'ec-p384', csr: 'CSR\n' } }))
    const file = join(api.directory, 'new.csr')
    await run(api, ['csr', '--out', file, '--key-type', 'ec-p384'])
    assert.deepEqual(bodyOf(api.seen[0]), { keyType: 'ec-p384' })
    assert.equal(readFileSync(file, 'utf8'), 'CSR\n')
    await assert.rejects(run(api, ['csr', '--out', file]), (error: CommandError) => error.code === 'file.unwritable')
    assert.equal((await run(api, ['csr', '--out', '-'])).out(), 'CSR\n')
  })
})
