import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Resource } from '../../../src/mesh/resource.ts'
import { aPolicy } from '../../support/resources.ts'
import { askResources, storedNames } from '../../support/resources-api.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { eventually, readMetric } from '../../support/service-api.ts'

/** Renamed into place, as one should. */
function write(file: string, ...resources: readonly Resource[]): void {
  const text = resources.map((resource) => JSON.stringify(resource)).join('\n---\n')
  writeFileSync(`${file}.tmp`, text)
  renameSync(`${file}.tmp`, file)
}

function watching(directory: string, policies: string): Promise<Service> {
  return startService({ directory, config: { mesh: { watch: [policies] } } })
}

function newPolicies(): { readonly directory: string; readonly policies: string } {
  const directory = newDirectory()
  const policies = join(directory, 'policies')
  mkdirSync(policies)
  return { directory, policies }
}

async function watchedOf(service: Service) {
  const { resources } = (await askResources(service, { path: '/status' })).json
  const [watched] = (resources?.watched ?? []) as readonly { ok: boolean; problem: string | null }[]
  return { loaded: resources?.loaded, ok: watched?.ok, problem: watched?.problem ?? '' }
}

async function becomes(service: Service, names: readonly string[]): Promise<void> {
  await eventually(names.join(' '), async () => (await storedNames(service)).join() === names.join())
}

describe('mesh.watch', () => {
  test('keeps a directory in force: files come, change and go, at once and after a start', async () => {
    const { directory, policies } = newPolicies()
    write(join(policies, 'a.yaml'), aPolicy('a'), aPolicy('b'))
    const first = await watching(directory, policies)
    assert.deepEqual(await storedNames(first), ['shop/a', 'shop/b'])
    await askResources(first, { method: 'POST', body: aPolicy('mine') })
    mkdirSync(join(policies, 'more'))
    write(join(policies, 'more', 'c.json'), aPolicy('c'))
    await becomes(first, ['shop/a', 'shop/b', 'shop/c', 'shop/mine'])
    write(join(policies, 'a.yaml'), aPolicy('a'))
    await becomes(first, ['shop/a', 'shop/c', 'shop/mine'])
    await first.kill()
    rmSync(join(policies, 'more'), { recursive: true })
    const second = await watching(directory, policies)
    assert.deepEqual(await storedNames(second), ['shop/a', 'shop/mine'])
    await second.stop()
  })

  test('hostile 95: a bad file keeps the last good set and says so in status, metric and log', async () => {
    const { directory, policies } = newPolicies()
    write(join(policies, 'a.yaml'), aPolicy('a'))
    const service = await watching(directory, policies)
    const series = `alcazar_resources_watch_ok{directory="${policies}"}`
    assert.equal(await readMetric(service, series), 1)
    rmSync(join(policies, 'a.yaml'))
    writeFileSync(join(policies, 'b.yaml'), JSON.stringify(aPolicy('b')).replace('paths', 'pathes'))
    await eventually('the directory is bad', async () => (await watchedOf(service)).ok === false)
    const { problem, loaded } = await watchedOf(service)
    assert.match(problem, /b\.yaml:0 spec\.rules\[0\]\.to\[0\]\.operation\.pathes: .*did you mean `paths`/)
    assert.equal(loaded, true)
    assert.equal(await readMetric(service, series), 0)
    assert.deepEqual(await storedNames(service), ['shop/a'])
    await eventually('the log has it', () => service.stderr.some((line) => line.includes('resources.watch_failed')))
    write(join(policies, 'b.yaml'), aPolicy('b'))
    await becomes(service, ['shop/b'])
    assert.equal((await watchedOf(service)).ok, true)
    await service.stop()
  })

  test('follows the links of a volume of Kubernetes, which are swapped', async () => {
    const { directory, policies } = newPolicies()
    mkdirSync(join(policies, '..1'))
    mkdirSync(join(policies, '..2'))
    write(join(policies, '..1', 'p.yaml'), aPolicy('one'))
    write(join(policies, '..2', 'p.yaml'), aPolicy('two'))
    symlinkSync('..1', join(policies, '..data'))
    symlinkSync(join('..data', 'p.yaml'), join(policies, 'p.yaml'))
    const service = await watching(directory, policies)
    assert.deepEqual(await storedNames(service), ['shop/one'])
    symlinkSync('..2', join(policies, '..data_tmp'))
    renameSync(join(policies, '..data_tmp'), join(policies, '..data'))
    await becomes(service, ['shop/two'])
    await service.stop()
  })

  test('an emptied directory removes nothing, a file without documents everything', async () => {
    const { directory, policies } = newPolicies()
    write(join(policies, 'a.yaml'), aPolicy('a'))
    const service = await watching(directory, policies)
    rmSync(join(policies, 'a.yaml'))
    await eventually('the directory is bad', async () => (await watchedOf(service)).ok === false)
    assert.deepEqual(await storedNames(service), ['shop/a'])
    writeFileSync(join(policies, 'none.yaml'), '# nothing\n')
    await becomes(service, [])
    await service.stop()
  })

  test('what it holds is changed there alone', async () => {
    const { directory, policies } = newPolicies()
    write(join(policies, 'a.yaml'), aPolicy('a'))
    const service = await watching(directory, policies)
    const change = await askResources(service, { method: 'POST', body: aPolicy('a', 'shop', '/b') })
    assert.deepEqual([change.status, change.json.code], [409, 'resource.conflict'])
    const removal = await askResources(service, { method: 'DELETE', path: '/resources/AuthorizationPolicy/shop/a' })
    assert.equal(removal.status, 409)
    await service.stop()
  })

  test('one that could never be read keeps decisions refused, and nothing else', async () => {
    const directory = newDirectory()
    const policies = join(directory, 'policies')
    const service = await watching(directory, policies)
    const { loaded, ok, problem } = await watchedOf(service)
    assert.deepEqual([loaded, ok], [false, false])
    assert.match(problem, /ENOENT/)
    assert.equal((await askResources(service, { method: 'POST', body: aPolicy('mine') })).status, 200)
    mkdirSync(policies)
    await eventually('it is read', async () => (await watchedOf(service)).loaded === true)
    assert.deepEqual(await storedNames(service), ['shop/mine'])
    await service.stop()
  })
})
