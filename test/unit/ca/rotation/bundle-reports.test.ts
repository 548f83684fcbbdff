import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BundleReports } from '../../../../src/ca/rotation/bundle-reports.ts'
import type { BundleReport } from '../../../../src/ca/rotation/uptake.ts'
import { type Log, silentLog } from '../../../../src/kernel/log.ts'

interface Given {
  readonly isNeeded?: boolean
  readonly failWith?: Error
}

function open({ isNeeded = true, failWith }: Given = {}) {
  const stored: (readonly BundleReport[])[] = []
  const lost: unknown[] = []
  const record = {
    countLive: async () => [],
    async reportBundles(reports: readonly BundleReport[]) {
      if (failWith !== undefined) throw failWith
      stored.push(reports)
    },
  }
  const log: Log = { ...silentLog, warn: (event, fields) => void lost.push([event, fields?.reports]) }
  return { reports: new BundleReports({ record, log, isNeeded: () => isNeeded }), stored, lost }
}

const report = (serial: string, sequence: number): BundleReport => ({ serial, sequence, notAfter: 100 })

test('bundle reports: the newest of each holder is stored, together', async () => {
  const { reports, stored } = open()
  for (const one of [report('a', 1), report('b', 1), report('a', 2)]) reports.add(one)
  assert.deepEqual(stored, [])
  await reports.flush()
  assert.deepEqual(stored, [[report('a', 2), report('b', 1)]])
  await reports.flush()
  assert.equal(stored.length, 1)
})

test('bundle reports: an older one never takes the place of a newer one', async () => {
  const { reports, stored } = open()
  for (const one of [report('a', 3), report('a', 2)]) reports.add(one)
  await reports.flush()
  assert.deepEqual(stored, [[report('a', 3)]])
})

test('bundle reports: nothing is kept while no gate looks at them', async () => {
  const { reports, stored } = open({ isNeeded: false })
  reports.add(report('a', 1))
  await reports.flush()
  assert.deepEqual(stored, [])
})

test('bundle reports: what cannot be stored is logged and given up', async () => {
  const { reports, lost } = open({ failWith: new Error('the disk is full') })
  reports.add(report('a', 1))
  await reports.flush()
  assert.deepEqual(lost, [['rotation.reports_lost', 1]])
})

test('bundle reports: no more than a bound wait', async () => {
  const { reports, stored } = open()
  for (let i = 0; i < 100_001; i++) reports.add(report(String(i), 1))
  await reports.flush()
  assert.equal(stored[0]?.length, 100_000)
})

test('bundle reports: a renewal counts once the new certificate is shown, and not when it is signed', async () => {
  const { reports, stored } = open()
  reports.renewed(report('old', 2), 'new')
  await reports.flush()
  assert.deepEqual(stored, [])
  for (const serial of ['stranger', 'new', 'new']) reports.shown(serial)
  await reports.flush()
  assert.deepEqual(stored, [[report('old', 2)]])
})

test('bundle reports: who polls with the new certificate has it', async () => {
  const { reports, stored } = open()
  reports.renewed(report('old', 2), 'new')
  reports.add(report('new', 3))
  await reports.flush()
  assert.deepEqual(stored, [[report('old', 2), report('new', 3)]])
})

test('bundle reports: a renewal that no gate looked at is forgotten', async () => {
  let isNeeded = true
  const stored: unknown[] = []
  const record = { countLive: async () => [], reportBundles: async (all: unknown) => void stored.push(all) }
  const reports = new BundleReports({ record, log: silentLog, isNeeded: () => isNeeded })
  reports.renewed(report('a', 1), 'b')
  isNeeded = false
  reports.renewed(report('b', 1), 'c')
  isNeeded = true
  for (const serial of ['b', 'c']) reports.shown(serial)
  await reports.flush()
  assert.deepEqual(stored, [])
})

test('bundle reports: of renewals that nobody completes the oldest go', async () => {
  const { reports, stored } = open()
  for (let i = 0; i < 100_001; i++) reports.renewed(report(`old ${i}`, 1), `new ${i}`)
  for (const i of [0, 1, 100_000]) reports.shown(`new ${i}`)
  await reports.flush()
  assert.deepEqual(stored, [[report('old 1', 1), report('old 100000', 1)]])
})
