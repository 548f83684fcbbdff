import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { runCommandLine } from '../../../src/cli/run.ts'
import { PASSPHRASE } from '../../support/backup.ts'
import { newRequest } from '../../support/doors.ts'
import { fakeIo } from '../../support/fake-io.ts'
import { type Service, startService } from '../../support/service.ts'
import { administer, listIssued } from '../../support/service-api.ts'

const CONFIG = { limits: { rate: 'off', ratePerIdentity: 'off' } }
const WEB = 'spiffe://cluster.local/ns/default/sa/web'

async function run(words: readonly string[], env: Record<string, string> = { ALCAZAR_BACKUP_PASSPHRASE: PASSPHRASE }) {
  const io = { ...fakeIo({ env }), now: () => Date.now() }
  const exit = await runCommandLine([...words, '--output', 'json'], io)
  return { exit, result: JSON.parse(exit === 0 ? io.out() : io.err()) }
}

async function issue(service: Service) {
  const { status, json, text } = await administer(service, 'POST', '/v1/certificates', {
    csr: newRequest().csr,
    identity: WEB,
  })
  assert.equal(status, 201, text)
  const [leaf = ''] = json.chain ?? []
  return { leaf: new X509Certificate(leaf), bundle: json.bundle ?? [] }
}

describe('backup and restore of a service', () => {
  let directory: string
  let file: string
  let exported: string
  let before_: readonly string[]
  let after_: readonly string[]
  let revoked: string

  /** What the export holds and the record does not. */
  async function compare(service: Service) {
    const io = fakeIo({ env: {} })
    const words = ['audit', 'compare', exported, '--server', service.address('admin'), '--output', 'json']
    const exit = await runCommandLine(words, io)
    const result = JSON.parse(io.out())
    const lost: { serial: string; carriedOver: boolean }[] = result.certificates
    return { exit, result, serials: lost.map(({ serial }) => serial), carried: lost.map((one) => one.carriedOver) }
  }

  before(async () => {
    const service = await startService({ config: CONFIG })
    directory = service.directory
    file = join(directory, 'one.backup')
    exported = join(directory, 'record.jsonl')
    let isOver = false
    const issued: string[] = []
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) issued.push((await issue(service)).leaf.serialNumber.toLowerCase().padStart(32, '0'))
    })
    while (issued.length < 20) await new Promise((resolve) => setTimeout(resolve, 5))
    before_ = [...issued]
    const taken = await run(['backup', file, '--server', service.address('admin')])
    assert.equal(taken.exit, 0, JSON.stringify(taken.result))
    isOver = true
    await Promise.all(load)
    revoked = (await issue(service)).leaf.serialNumber.toLowerCase().padStart(32, '0')
    assert.equal((await administer(service, 'DELETE', `/v1/issued/${revoked}?reason=stolen`)).status, 204)
    after_ = (await listIssued(service)).map(({ serial }) => serial)
    const io = fakeIo({ env: {} })
    assert.equal(await runCommandLine(['audit', 'export', '--server', service.address('admin')], io), 0)
    writeFileSync(exported, io.out())
    const same = await compare(service)
    assert.deepEqual([same.exit, same.result.ok, same.result.certificates], [0, true, []])
    await service.kill()
    renameSync(service.data, join(directory, 'old'))
  })

  test('the file is for its owner alone, and holds no key in the clear', () => {
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const bytes = readFileSync(file)
    assert.ok(!bytes.includes('PRIVATE KEY') && !bytes.includes('SQLite format 3'))
    assert.deepEqual(readdirSync(directory).sort(), ['alcazar.yaml', 'old', 'one.backup', 'record.jsonl'])
  })

  test('restored, it starts, issues under the same root, and says what it does not know', async () => {
    const data = join(directory, 'data')
    assert.equal((await run(['restore', file, '--data', data])).exit, 0)
    const service = await startService({ directory, config: CONFIG })
    const root = readFileSync(join(directory, 'old', 'bundle.pem'), 'utf8')
    assert.equal(service.roots(), root)
    const { leaf, bundle } = await issue(service)
    assert.ok(bundle.includes(root) && leaf.subjectAltName === `URI:${WEB}`)
    const serials = (await listIssued(service)).map(({ serial }) => serial)
    for (const serial of before_) assert.ok(serials.includes(serial), 'what was issued before the backup is in it')
    assert.ok(!serials.includes(revoked))
    const io = fakeIo({ env: {} })
    assert.equal(await runCommandLine(['cert', 'list', '--server', service.address('admin')], io), 0)
    assert.match(io.err(), /this record was restored at .* from a backup of .*: certificates issued in between are not/)
    const status = await run(['status', '--server', service.address('admin')])
    assert.equal(status.result.record.restored.complete, false)
    const { exit, result, serials: lost, carried } = await compare(service)
    assert.equal(exit, 1)
    assert.deepEqual(lost.toSorted(), after_.filter((serial) => !serials.includes(serial)).sort())
    assert.ok(lost.includes(revoked) && !carried.includes(true))
    const since = result.actions.map(({ action }: { action: string }) => action)
    assert.ok(since.includes('deny.add') || since.includes('cert.revoke'), since.join())
    await service.stop()
    rmSync(data, { recursive: true })
  })

  test('hostile 108: with the old record beside it, nothing that was issued or revoked since is lost', async () => {
    const { exit, result } = await run([
      'restore',
      file,
      ...['--data', join(directory, 'data'), '--previous', join(directory, 'old')],
    ])
    assert.equal(exit, 0, JSON.stringify(result))
    assert.ok(result.previous.certificates > 0)
    assert.deepEqual(
      result.previous.denied.map(({ value }: { value: string }) => value),
      [revoked],
    )
    const service = await startService({ directory, config: CONFIG })
    const serials = new Set((await listIssued(service)).map(({ serial }) => serial))
    assert.deepEqual(
      after_.filter((serial) => !serials.has(serial)),
      [],
    )
    const compared = await compare(service)
    assert.deepEqual([compared.exit, compared.carried.includes(false)], [1, false]) // what was done is not done again
    await service.stop()
  })

  test('it is refused with a code: a directory in use, a file that is there, no passphrase, no server', async () => {
    const data = join(directory, 'full')
    mkdirSync(data)
    writeFileSync(join(data, 'x'), '')
    const words: readonly (readonly [readonly string[], Record<string, string>, string, number])[] = [
      [['restore', file, '--data', data], { ALCAZAR_BACKUP_PASSPHRASE: PASSPHRASE }, 'restore.not_empty', 1],
      [
        ['restore', file, '--data', `${data}2`],
        { ALCAZAR_BACKUP_PASSPHRASE: 'another one' },
        'backup.passphrase_wrong',
        1,
      ],
      [['restore', `${file}2`, '--data', `${data}2`], { ALCAZAR_BACKUP_PASSPHRASE: PASSPHRASE }, 'file.unreadable', 1],
      [['restore', file, '--data', `${data}2`], {}, 'usage', 2],
      [['backup', file], { ALCAZAR_BACKUP_PASSPHRASE: PASSPHRASE }, 'file.exists', 1],
      [['backup', `${file}2`], { ALCAZAR_BACKUP_PASSPHRASE: 'short' }, 'usage', 2],
      [
        ['backup', `${file}2`, '--server', join(directory, 'no.sock')],
        { ALCAZAR_BACKUP_PASSPHRASE: PASSPHRASE },
        'server.unreachable',
        69,
      ],
    ]
    for (const [line, env, code, want] of words) {
      const { exit, result } = await run(line, env)
      assert.deepEqual([result.error.code, exit], [code, want], line.join(' '))
    }
    assert.ok(!readdirSync(directory).some((name) => name.includes('2')))
  })
})
