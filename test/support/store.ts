import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Intent } from '../../src/ca/record.ts'
import type { JoinToken } from '../../src/identity/join-token-store.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { openStore, type Store, type StoreOptions } from '../../src/store/open-store.ts'
import { FakeClock } from './fakes.ts'

/** 21 November 2026, 03:00 UTC. */
export const NOW = 1_795_230_000_000

/** An intent as the issuing use case makes it, with a serial and hashes of its own. */
export function anIntent(change: Partial<Intent> = {}): Intent {
  const serial = randomBytes(16)
  serial[0] = 1
  return {
    serial,
    identity: 'spiffe://cluster.local/ns/default/sa/web',
    notBefore: NOW / 1000 - 120,
    notAfter: NOW / 1000 + 3600,
    issuedAt: NOW,
    attestor: 'jwt',
    subject: 'https://issuer.example system:serviceaccount:default:web',
    authority: '0123456789abcdef0123456789abcdef01234567',
    spkiSha256: randomBytes(32),
    csrSha256: randomBytes(32),
    peer: '127.0.0.1:40000',
    bundleSequence: 1,
    ...change,
  }
}

/** A join token that may be used once within ten minutes. */
export function aToken(change: Partial<JoinToken> = {}): JoinToken {
  return {
    id: randomBytes(8).toString('hex'),
    hash: randomBytes(32),
    identity: 'spiffe://cluster.local/ns/default/sa/web',
    createdAt: NOW,
    expiresAt: NOW / 1000 + 600,
    uses: 1,
    used: 0,
    createdBy: 'local',
    revoked: false,
    ...change,
  }
}

/** A path in a folder that goes away with the test. */
export async function databaseFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'alcazar-store-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'alcazar.db')
}

/** A store on a new or given file, at `NOW` by a fake clock, closed with the test. */
export async function testStore(
  t: TestContext,
  change: Partial<StoreOptions> = {},
): Promise<{ readonly store: Store; readonly clock: FakeClock; readonly file: string }> {
  const clock = new FakeClock(NOW)
  const file = change.file ?? (await databaseFile(t))
  const retention = { issuedSeconds: 30 * 86_400, auditSeconds: null }
  const store = await openStore({ queue: () => 1024, retention, clock, log: silentLog, ...change, file })
  t.after(() => store.close())
  return { store, clock, file }
}
