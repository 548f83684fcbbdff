import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRecords } from '../../../src/audit/compare-records.ts'
import { type ExportedRow, parseLine } from '../../../src/audit/export-line.ts'
import { LOGS, type RecordRow } from '../../../src/audit/row.ts'
import { testAuthorities } from '../../support/authority.ts'
import { exportOf, someRows } from '../../support/record.ts'
import { NOW } from '../../support/store.ts'

const { intermediate } = await testAuthorities('ec-p256', NOW)
const signer = { signer: intermediate.signer, chain: [intermediate.authority.certificate] }

/** As an export has them: log by log. */
async function exported(rows: readonly RecordRow[]): Promise<readonly ExportedRow[]> {
  const ordered = LOGS.flatMap((log) => rows.filter((row) => row.log === log))
  const { lines } = await exportOf(ordered, signer)
  return lines.map(parseLine).filter((line) => line.kind === 'row')
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** `common+lost` by log, and the lost rows. */
async function compare(old: readonly ExportedRow[], live: readonly ExportedRow[], newest = lastOf(live)) {
  const { logs, lost } = await compareRecords({ exported: each(old), record: each(live), newest })
  const counts = LOGS.map((log) => `${logs[log].common}+${logs[log].lost}`).join(' ')
  return [counts, lost.map(({ log, sequence }) => `${log} ${sequence}`)]
}

function lastOf(rows: readonly ExportedRow[]) {
  const last = (log: string) => Math.max(0, ...rows.filter(({ row }) => row.log === log).map(({ row }) => row.sequence))
  return { intents: last('intents'), results: last('results'), actions: last('actions') }
}

const rows = someRows(5)
const upTo = (sequence: number) => rows.filter((row) => row.sequence <= sequence)
const behind = (all: readonly ExportedRow[], sequence: number) => all.filter(({ row }) => row.sequence > sequence)

test('compare: a record that went on has lost nothing', async () => {
  const live = await exported(rows)
  assert.deepEqual(await compare(await exported(upTo(3)), live), ['3+0 3+0 3+0', []])
  assert.deepEqual(await compare(live, live), ['5+0 5+0 5+0', []])
  assert.deepEqual(await compare([], live), ['0+0 0+0 0+0', []])
})

test('compare: hostile 108: a record of yesterday has lost what came since', async () => {
  const want = ['3+2 3+2 3+2', ['intents 4', 'intents 5', 'actions 4', 'actions 5']]
  assert.deepEqual(await compare(await exported(rows), await exported(upTo(3))), want)
})

test('compare: so has one that went on otherwise', async () => {
  const other = await exported([...upTo(3), ...someRows(7).filter(({ sequence }) => sequence > 3)])
  assert.deepEqual((await compare(await exported(rows), other))[0], '3+2 5+0 5+0') // certificates alone are random
  assert.deepEqual((await compare(await exported(rows), await exported(someRows(7))))[0], '0+5 5+0 5+0')
})

test('compare: what retention removed is not lost', async () => {
  const all = await exported(rows)
  assert.deepEqual(await compare(all, behind(all, 2)), ['5+0 5+0 5+0', []])
  assert.deepEqual(await compare(await exported(upTo(4)), [], lastOf(all)), ['0+0 0+0 0+0', []])
  assert.deepEqual((await compare(all, [], lastOf(await exported(upTo(4)))))[0], '0+1 0+1 0+1')
})

test('compare: an export of the last days alone is compared with those', async () => {
  const all = await exported(rows)
  assert.deepEqual(await compare(behind(all, 3), all), ['5+0 5+0 5+0', []])
})
