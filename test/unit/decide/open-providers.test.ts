import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openProviders } from '../../../src/decide/open-providers.ts'
import type { ProviderAnswer } from '../../../src/decide/provider.ts'
import { GRANTED, ProviderError } from '../../../src/decide/provider-answer.ts'
import type { GrpcProviderOptions } from '../../../src/decide/provider-options.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { FakeClock } from '../../support/fakes.ts'
import { askedTcp } from '../../support/questions.ts'

const OPTIONS: GrpcProviderOptions = {
  name: 'ext',
  grpc: { host: 'authz', port: 9000 },
  timeout: 0.6,
  statusOnError: 503,
}

function open(answer: () => Promise<ProviderAnswer>) {
  const told: string[] = []
  const note = (event: string) => void told.push(event)
  const providers = openProviders([OPTIONS], {
    openGrpc: () => ({ ask: answer, close: () => note('closed') }),
    clock: new FakeClock(0),
    log: { ...silentLog, warn: note, info: note },
    asked: (provider, outcome) => note(`${provider} ${outcome}`),
  })
  return { ...providers, told, askIt: () => providers.ask('ext', askedTcp()) }
}

test('providers: what one answers is the answer', async () => {
  const { askIt, told, names } = open(async () => GRANTED)
  assert.deepEqual(names, ['ext'])
  assert.equal(await askIt(), GRANTED)
  assert.deepEqual(told, ['ext granted'])
})

test('providers: an unknown name is refused, and is no label', async () => {
  const { ask, told } = open(async () => GRANTED)
  const answer = await ask('nobody', askedTcp())
  assert.equal(answer.granted, false)
  assert.deepEqual(told, [])
})

test('providers: every failure refuses with the configured status; the log tells the first and the recovery', async () => {
  const outcomes = [
    () => Promise.reject(new ProviderError('it answered with 500')),
    () => Promise.reject(new TypeError('a bug')),
    async () => GRANTED,
  ]
  const { askIt, told } = open(async () => (await outcomes.shift()?.()) ?? GRANTED)
  for (const reason of [/answered with 500/, /a bug/]) {
    const answer = await askIt()
    assert.ok(!answer.granted)
    assert.equal(answer.status, 503)
    assert.match(answer.reason, reason)
  }
  assert.equal((await askIt()).granted, true)
  assert.deepEqual(told, ['ext failed', 'provider.failing', 'ext failed', 'ext granted', 'provider.recovered'])
})

test('providers: too many questions at once are refused at once, and later ones are asked again', async () => {
  const waiting: (() => void)[] = []
  const { askIt } = open(() => new Promise((resolve) => waiting.push(() => resolve(GRANTED))))
  const first = Array.from({ length: 1_024 }, askIt)
  const refused = await askIt()
  assert.ok(!refused.granted)
  assert.match(refused.reason, /1024 questions/)
  for (const answer of waiting.splice(0)) answer()
  assert.ok((await Promise.all(first)).every(({ granted }) => granted))
  const later = askIt()
  waiting.pop()?.()
  assert.equal((await later).granted, true)
})

test('providers: files that are not there are told at the start', () => {
  const tls = { caFile: '/nowhere/ca.pem' }
  const deps = { openGrpc: () => assert.fail(), clock: new FakeClock(0), log: silentLog, asked: () => {} }
  assert.throws(() => openProviders([{ ...OPTIONS, tls }], deps), { code: 'config.invalid' })
})
