import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { curlMissing, opensslMissing } from '../../support/openssl.ts'
import { newDirectory, type Service, startService } from '../../support/service.ts'
import { listIssued } from '../../support/service-api.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SECTION = 'Five minutes to a first certificate'
const NEXT_SECTION = 'Five minutes to a first decision'

/** The ```sh blocks of a section of the README. */
function blocksOf(section: string): string[] {
  const [, text = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split(`\n## ${section}\n`)
  const [own = ''] = text.split('\n## ')
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
}

/** `npx alcazar` in a checkout is its launcher. */
const NPX = 'npx() { [ "$1" = alcazar ] && shift && "$NODE" "$LAUNCHER" "$@"; }'

test(`the commands of README.md, ${SECTION} and ${NEXT_SECTION}`, {
  skip: curlMissing || opensslMissing,
}, async (t) => {
  const blocks = blocksOf(SECTION)
  assert.ok(blocks.length >= 4, `${blocks.length} blocks of commands`)
  assert.ok(blocks[0]?.includes('npm start')) // what `startService` does
  const commands = blocks.slice(1).filter((block) => {
    if (!block.includes('grpcurl')) return true
    t.diagnostic('NOT RUN: grpcurl is no part of the test machine; issue.test.ts makes the same call')
    return false
  })
  let service: Service
  try {
    service = await startService({ isNewcomer: true })
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('[listen.in_use]')) throw error
    t.diagnostic('NOT RUN: a default port is taken')
    return t.skip('a default port (15012 to 15014) is taken')
  }
  const { directory } = service
  writeFileSync(join(directory, 'readme.sh'), [NPX, ...commands].join('\n'))
  const env = {
    PATH: process.env.PATH,
    NODE: process.execPath,
    LAUNCHER: join(ROOT, 'bin/alcazar.cjs'),
    HOME: newDirectory(),
  }
  await promisify(execFile)('bash', ['-euo', 'pipefail', 'readme.sh'], { cwd: directory, env })
  writeFileSync(join(directory, 'decision.sh'), [NPX, ...blocksOf(NEXT_SECTION)].join('\n'))
  const decided = await promisify(execFile)('bash', ['-euo', 'pipefail', 'decision.sh'], { cwd: directory, env })
  assert.match(decided.stdout, /deny 403/)
  assert.match(decided.stdout, /method=GET/)
  assert.match(decided.stdout, /"decision":"allow"/)

  const issued = (await listIssued(service)).map(({ identity, attestor }) => `${attestor} ${identity}`)
  for (const wanted of ['admin …/web', 'join-token …/api', 'client-certificate …/api'])
    assert.ok(issued.includes(wanted.replace('…', 'spiffe://cluster.local/ns/default/sa')), wanted)
  const leaf = new X509Certificate(readFileSync(join(directory, 'api.crt')))
  assert.equal(leaf.subjectAltName, 'URI:spiffe://cluster.local/ns/default/sa/api')
  assert.equal((await service.stop()).code, 0)
})

test('the lines that `npm start` prints to paste work', { skip: opensslMissing }, async () => {
  const service = await startService()
  const from = service.stdout.findIndex((line) => line.startsWith('A first certificate'))
  const commands = service.stdout.slice(from + 1).filter((line) => line.startsWith('  '))
  assert.equal(commands.length, 2)
  const env = { PATH: process.env.PATH, NODE: process.execPath, LAUNCHER: join(ROOT, 'bin/alcazar.cjs') }
  const script = [NPX, ...commands].join('\n')
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: service.directory,
    env,
  })
  assert.match(stdout, /: OK\n$/)
  await service.stop()
})
