import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { runCommandLine } from '../../../src/cli/run.ts'
import { fakeIo } from '../../support/fake-io.ts'
import { aPeerAuthentication, aPolicy } from '../../support/resources.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'

const MAIN = join(import.meta.dirname, '../../../bin/alcazar.cjs')
const BAD = { ...aPolicy('bad'), spec: { rules: [{ from: [{ source: { princpals: ['x'] } }] }] } }
const json = (value: unknown) => JSON.stringify(value)

describe('apply, get, diff, delete', () => {
  let service: Service
  let directory: string
  before(async () => {
    service = await startService()
  })
  after(() => service.stop())
  beforeEach(() => {
    directory = newDirectory()
  })

  async function run(...words: readonly string[]) {
    const io = fakeIo()
    const exit = await runCommandLine([...words, '--server', service.address('admin')], io)
    return { exit, out: io.out(), err: io.err() }
  }

  function write(name: string, text: string): string {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }

  test('apply: files and directories, a line for each object, and what changed', async () => {
    mkdirSync(join(directory, 'below'))
    write(
      'a.yaml',
      `${json(aPolicy('a', 'applied'))}\n---\n# nothing\n---\n${json(aPeerAuthentication('a', 'applied'))}`,
    )
    write('below/b.json', json(aPolicy('b', 'applied')))
    write('notes.txt', 'not YAML: [')
    const names = ['AuthorizationPolicy/applied/a', 'PeerAuthentication/applied/a', 'AuthorizationPolicy/applied/b']
    const told = (change: string) => names.map((name) => `${name} ${change}\n`).join('')
    assert.deepEqual(await run('apply', '-f', directory), { exit: 0, out: told('created'), err: '' })
    assert.equal((await run('apply', '-f', directory)).out, told('unchanged'))
    const changed = write('a.yaml', json(aPolicy('a', 'applied', '/b')))
    const dry = await run('apply', '-f', changed, '--dry-run')
    assert.equal(dry.out, `${names[0]} updated (dry run)\n`)
    assert.equal((await run('apply', '-f', changed)).out, `${names[0]} updated\n`)
  })

  test('apply: standard input', async () => {
    const child = spawn(process.execPath, [MAIN, 'apply', '-f', '-', '--server', service.address('admin')])
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stdin.end(json(aPolicy('piped')))
    const [code] = await once(child, 'close')
    assert.deepEqual([code, out], [0, 'AuthorizationPolicy/shop/piped created\n'])
  })

  test('apply: an error names its file, document and field, and what was meant', async () => {
    const good = write('a.yaml', json(aPolicy('never')))
    const bad = write('b.yaml', `${json(aPolicy('never2'))}\n---\n${json(BAD)}`)
    const { exit, out, err } = await run('apply', '-f', good, bad)
    assert.deepEqual([exit, out], [1, ''])
    assert.match(err, /b\.yaml:1 spec\.rules\[0\]\.from\[0\]\.source\.princpals: .*did you mean `principals`/)
    assert.match(err, /\[resource\.invalid/)
    const told = JSON.parse((await run('apply', '-f', good, bad, '--output', 'json')).err)
    const [fault] = told.error.detail.errors
    assert.deepEqual([told.error.code, fault.file, fault.document], ['resource.invalid', bad, 1])
    assert.equal((await run('get', 'ap', 'never', '-n', 'shop')).exit, 1)
  })

  test('apply: what cannot be read, or holds nothing', async () => {
    assert.equal((await run('apply', '-f', join(directory, 'nowhere'))).exit, 1)
    const latin = join(directory, 'latin.yaml')
    writeFileSync(latin, Buffer.from('kind: \xe4', 'latin1'))
    assert.match((await run('apply', '-f', latin)).err, /latin\.yaml: .* \[request\.malformed\]/)
    assert.equal((await run('apply', '-f', write('broken.yaml', 'a: ['))).exit, 1)
    assert.equal((await run('apply', '-f', write('none.yaml', '# nothing\n'))).exit, 2)
    assert.equal((await run('apply')).exit, 2)
  })

  test('get: a table, JSON, and YAML that can be applied again', async () => {
    await run(
      'apply',
      '-f',
      write('a.yaml', `${json(aPolicy('a', 'got'))}\n---\n${json(aPeerAuthentication('a', 'got'))}`),
    )
    const table = await run('get', '-n', 'got')
    assert.match(table.out, /^NAMESPACE +KIND +NAME +CREATED +WHAT\ngot +AuthorizationPolicy +a .* ALLOW\n/)
    assert.match(table.out, /PeerAuthentication +a .* STRICT\n$/)
    assert.equal(JSON.parse((await run('get', 'pa', '-n', 'got', '--output', 'json')).out).items.length, 1)
    assert.equal(
      JSON.parse((await run('get', 'pa', 'a', '-n', 'got', '--output', 'json')).out).kind,
      'PeerAuthentication',
    )
    const yaml = await run('get', '-n', 'got', '--output', 'yaml')
    assert.equal(parseAllDocuments(yaml.out).length, 2)
    const again = await run('apply', '-f', write('again.yaml', yaml.out))
    assert.match(again.out, /^AuthorizationPolicy\/got\/a unchanged\nPeerAuthentication\/got\/a unchanged\n$/)
    assert.equal((await run('status', '--output', 'yaml')).exit, 2)
  })

  test('diff: 0 when nothing would change, else 1 and what', async () => {
    const file = write('a.yaml', `${json(aPolicy('a', 'differs'))}\n---\n${json(aPolicy('b', 'differs'))}`)
    await run('apply', '-f', file)
    assert.deepEqual(await run('diff', '-f', file), { exit: 0, out: '', err: '' })
    write('a.yaml', `${json(aPolicy('a', 'differs', '/b'))}\n---\n${json(aPolicy('b', 'differs'))}`)
    const { exit, out, err } = await run('diff', '-f', file)
    assert.deepEqual([exit, err], [1, ''])
    assert.match(
      out,
      /^--- stored\/AuthorizationPolicy\/differs\/a\n\+\+\+ given\/AuthorizationPolicy\/differs\/a\n@@ /,
    )
    const changed = out.split('\n').filter((line) => /^[-+] /.test(line))
    assert.deepEqual(changed, ['-              - /a', '+              - /b'])
    write('a.yaml', json(aPolicy('new', 'differs')))
    const [item] = JSON.parse((await run('diff', '-f', file, '--output', 'json')).out).items
    assert.deepEqual([item.name, item.change], ['new', 'created'])
  })

  test('delete: one by its name, or what files name', async () => {
    const file = write('a.yaml', `${json(aPolicy('a', 'removed'))}\n---\n${json(aPolicy('b', 'removed'))}`)
    await run('apply', '-f', file)
    const one = await run('delete', 'ap', 'a', '-n', 'removed')
    assert.deepEqual(one, { exit: 0, out: 'AuthorizationPolicy/removed/a deleted\n', err: '' })
    const rest = await run('delete', '-f', file)
    assert.equal(rest.exit, 1)
    assert.equal(rest.out, 'AuthorizationPolicy/removed/a not found\nAuthorizationPolicy/removed/b deleted\n')
    assert.equal((await run('delete', 'ap', 'a', '-n', 'removed')).exit, 1)
    assert.equal((await run('delete')).exit, 2)
    assert.equal((await run('delete', 'ap')).exit, 2)
    assert.equal((await run('delete', 'thing', 'a')).exit, 2)
  })

  test('hostile 102: what a name or a note holds does not steer the terminal', async () => {
    const evil = {
      ...aPolicy('evil', 'evil'),
      metadata: { ...aPolicy('evil', 'evil').metadata, annotations: { note: 'a\u001b[31m\u202e' } },
    }
    await run('apply', '-f', write('a.yaml', json(evil)))
    for (const form of ['table', 'json', 'yaml']) {
      const { out } = await run('get', 'ap', 'evil', '-n', 'evil', '--output', form)
      assert.ok(!out.includes('\u001b') && !out.includes('\u202e'), form)
    }
  })
})
