import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toIssueObserver } from '../../../src/app/observe.ts'
import type { IssuedEvent } from '../../../src/ca/issue/issuance.ts'
import { BundleReports } from '../../../src/ca/rotation/bundle-reports.ts'
import type { BundleReport } from '../../../src/ca/rotation/uptake.ts'
import { silentLog } from '../../../src/kernel/log.ts'

const NOW = 1_795_230_000

function issued(fields: Partial<IssuedEvent>): IssuedEvent {
  return {
    requestId: 'r',
    serial: 'first',
    identity: 'spiffe://cluster.local/ns/default/sa/web',
    attestor: 'client-certificate',
    subject: 'own',
    keyType: 'ec-p256',
    notAfter: NOW + 3600,
    authority: 'a',
    bundleSequence: 7,
    peer: 'local',
    milliseconds: 1,
    ...fields,
  }
}

/** Which serials are known to have the bundle once the events were told. */
async function reportedBy(events: readonly IssuedEvent[]): Promise<readonly string[]> {
  const stored: BundleReport[] = []
  const record = {
    reportBundles: async (reports: readonly BundleReport[]) => void stored.push(...reports),
    countLive: async () => assert.fail('not called'),
  }
  const reports = new BundleReports({ record, log: silentLog, isNeeded: () => true })
  const observer = toIssueObserver(silentLog, { certificateIssued() {}, certificateRefused() {} }, reports)
  for (const event of events) observer.issued(event)
  await reports.flush()
  return stored.map(({ serial }) => serial)
}

test('who renews has the bundle that came with the successor once that is shown', async () => {
  assert.deepEqual(await reportedBy([issued({})]), [])
  assert.deepEqual(await reportedBy([issued({}), issued({ serial: 'second', subject: 'first' })]), ['own'])
})

test('who asks for another renews nothing of its own, and yet shows what it has', async () => {
  const forAnother = issued({ impersonatedBy: 'spiffe://cluster.local/ns/kube-system/sa/ztunnel' })
  const byAnother = issued({ serial: 'second', subject: 'first', identity: 'spiffe://cluster.local/ns/default/sa/db' })
  assert.deepEqual(await reportedBy([forAnother, byAnother]), [])
  assert.deepEqual(await reportedBy([issued({}), { ...forAnother, subject: 'first', serial: 'second' }]), ['own'])
})
