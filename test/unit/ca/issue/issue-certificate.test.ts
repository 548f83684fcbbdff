import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { before, beforeEach, describe, test } from 'node:test'
import { makeCsrs } from '../../../../bench/make-csr.ts'
import { Authorities } from '../../../../src/ca/authorities.ts'
import { DenyList } from '../../../../src/ca/deny/deny-list.ts'
import type { IssuedEvent, IssueRequest, RefusedEvent } from '../../../../src/ca/issue/issuance.ts'
import { CertificateIssuer, type IssuanceOptions } from '../../../../src/ca/issue/issue-certificate.ts'
import { LeafSigner } from '../../../../src/ca/issue/sign-leaf.ts'
import type { AttestedCaller } from '../../../../src/identity/evidence.ts'
import { parseSpiffeId } from '../../../../src/identity/spiffe-id.ts'
import { AppError } from '../../../../src/kernel/errors.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import { openTokenBuckets } from '../../../../src/kernel/token-bucket.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { FakeAuthorityStore, FakeClock, FakeDenyStore, FakeRecord } from '../../../support/fakes.ts'

const NOW = Date.UTC(2026, 10, 21, 3)
const SECONDS = NOW / 1000
const WEB = 'spiffe://cluster.local/ns/default/sa/web'
const OPTIONS: IssuanceOptions = {
  trustDomain: 'cluster.local',
  trustDomainAliases: ['cluster.local', 'old.example'],
  defaultTtl: 3600,
  maxTtl: 86_400,
  minTtl: 5,
  rejectOverMax: false,
  csrNames: 'match',
  keyTypes: new Set(['ec-p256']),
  blockedKeys: new Set(),
}

interface World {
  readonly issuer: CertificateIssuer
  readonly record: FakeRecord
  readonly denyList: DenyList
  readonly authorities: Authorities
  readonly clock: FakeClock
  readonly issued: IssuedEvent[]
  readonly refused: RefusedEvent[]
  caller: AttestedCaller
}

let csr = ''
before(() => {
  csr = makeCsrs(1, WEB)[0] ?? assert.fail()
})

async function newWorld(
  changed: Partial<IssuanceOptions> = {},
  limits: { rate: number; perIdentity: number; queue: number; isUrgent?: boolean } = {
    rate: 1000,
    perIdentity: 1000,
    queue: 100,
  },
): Promise<World> {
  const clock = new FakeClock(NOW)
  const random = (size: number) => randomBytes(size)
  const record = new FakeRecord()
  const authorities = await Authorities.open(
    { store: new FakeAuthorityStore(), keys: memoryKeys(), clock, random, log: silentLog, publish: async () => {} },
    {
      trustDomain: 'cluster.local',
      root: { keyType: 'ec-p256', ttl: 1e8 },
      intermediate: { keyType: 'ec-p256', ttl: 2_592_000 },
    },
  )
  const denyList = await DenyList.open(new FakeDenyStore())
  const caller: AttestedCaller = { identity: parseSpiffeId(WEB, 'internal'), attestor: 'jwt', subject: 'iss sub' }
  const issued: IssuedEvent[] = []
  const refused: RefusedEvent[] = []
  const world: World = { issuer: undefined as never, record, denyList, authorities, clock, issued, refused, caller }
  const issuer = new CertificateIssuer({
    options: { ...OPTIONS, ...changed },
    limits: () => ({ csr: 16_384, asn1Depth: 16, queue: limits.queue }),
    attest: () => world.caller,
    roleOf: (one) => (one.attestor === 'admin' ? 'admin' : null),
    authorities,
    denyList,
    signer: new LeafSigner({ authorities, record, clock, random, backdate: 120, verifySample: 0 }),
    takeGlobal: openTokenBuckets(() => limits.rate),
    takePerIdentity: openTokenBuckets(() => limits.perIdentity),
    clock,
    isUrgent: () => limits.isUrgent === true,
    observer: { issued: (event) => issued.push(event), refused: (event) => refused.push(event) },
  })
  return Object.assign(world, { issuer })
}

function request(fields: Partial<IssueRequest> = {}): IssueRequest {
  return { evidence: {}, csr, peer: '127.0.0.1:1', requestId: 'r', ...fields }
}

let world: World
beforeEach(async () => {
  world = await newWorld()
})

describe('what they get', () => {
  test('X-1, X-4, X-5, X-12, X-14, X-17…X-20: a leaf of the profile below the active intermediate', async () => {
    const issued = await world.issuer.issue(request())
    const leaf = new X509Certificate(issued.leaf)
    const intermediate = new X509Certificate(issued.issuer.intermediates[0] ?? '')
    assert.equal(leaf.subjectAltName, `URI:${WEB}`)
    assert.equal(leaf.subject, undefined)
    assert.equal(leaf.ca, false)
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    assert.ok(leaf.verify(intermediate.publicKey) && leaf.checkIssued(intermediate))
    assert.equal(leaf.serialNumber.toLowerCase().padStart(32, '0'), issued.serial)
    assert.equal(issued.issuer.roots.length, 1)
  })

  const lives: readonly (readonly [string, number | undefined, number, number])[] = [
    ['the default', undefined, 120, 3600],
    ['as asked', 600, 60, 600],
    ['hostile 43: ten years are clamped to the maximum', 315_360_000, 120, 86_400],
    ['hostile 43: 2^53 is clamped without overflow', Number.MAX_SAFE_INTEGER, 120, 86_400],
    ['below the minimum is raised to it', 1, 0, 5],
    ['a minute is backdated by six seconds, so that its middle lies ahead', 60, 6, 60],
  ]
  for (const [title, ttlSeconds, backdate, life] of lives) {
    test(`life: ${title}`, async () => {
      const issued = await world.issuer.issue(request(ttlSeconds === undefined ? {} : { ttlSeconds }))
      assert.equal(issued.notBefore, SECONDS - backdate)
      assert.equal(issued.notAfter, SECONDS + life)
      assert.equal(issued.renewAfter, SECONDS + Math.floor(life / 2))
    })
  }

  test('with rejectOverMax a longer life is refused, as Istio does', async () => {
    const strict = await newWorld({ rejectOverMax: true })
    await assert.rejects(strict.issuer.issue(request({ ttlSeconds: 86_401 })), { code: 'issue.ttl_invalid' })
  })

  test('hostile 45: a life that passes the issuer ends with it', async () => {
    world.clock.advance((2_592_000 - 1800) * 1000)
    const issued = await world.issuer.issue(request())
    assert.equal(issued.notAfter, SECONDS + 2_592_000)
  })

  test('a life that its issuer cuts short is backdated by a tenth of what is left, so that its middle lies ahead', async () => {
    world.clock.advance((2_592_000 - 60) * 1000)
    const { notBefore, notAfter } = await world.issuer.issue(request())
    assert.deepEqual([notBefore, notAfter], [SECONDS + 2_592_000 - 66, SECONDS + 2_592_000])
  })

  test('an expired issuer signs nothing', async () => {
    world.clock.advance(2_592_000_000)
    await assert.rejects(world.issuer.issue(request()), { code: 'issue.no_active_authority' })
    assert.equal(world.record.intents.length, 0)
  })

  test('hostile 20: a CSR without names gets the authenticated identity', async () => {
    const api = 'spiffe://cluster.local/ns/default/sa/api'
    const other = makeCsrs(1, api)[0] ?? assert.fail()
    await assert.rejects(world.issuer.issue(request({ csr: other })), { code: 'csr.names_mismatch' })
    const ignoring = await newWorld({ csrNames: 'ignore' })
    assert.equal((await ignoring.issuer.issue(request({ csr: other }))).identity, WEB)
  })
})

describe('record before reply', () => {
  test('the intent holds what is about to be signed', async () => {
    const issued = await world.issuer.issue(request())
    const [intent] = world.record.intents
    assert.equal(intent?.serial.toString('hex'), issued.serial)
    assert.equal(intent?.identity, WEB)
    assert.equal(intent?.subject, 'iss sub')
    assert.equal(intent?.bundleSequence, 1)
    assert.equal(intent?.peer, '127.0.0.1:1')
    assert.equal(world.record.results.get(0), 'issued')
  })

  test('if the intent cannot be recorded there is no certificate', async () => {
    world.record.failWith = new AppError('issue.not_recorded', 'the disk is full')
    await assert.rejects(world.issuer.issue(request()), { code: 'issue.not_recorded' })
    assert.equal(world.record.results.size, 0)
  })

  test('hostile 47: a caller that goes away before the signature gets none, and the record says so', async () => {
    const signal = { aborted: false }
    world.record.onRecorded = () => {
      signal.aborted = true
    }
    await assert.rejects(world.issuer.issue(request({ signal })))
    assert.equal(world.record.results.get(0), 'failed')
  })

  test('a single-use proof is handed to the record, which counts it', async () => {
    world.caller = { ...world.caller, attestor: 'join-token', spend: { kind: 'join-token', id: 't1' } }
    await world.issuer.issue(request())
    assert.deepEqual(world.record.intents[0]?.spend, { kind: 'join-token', id: 't1' })
  })

  test('a refused CSR is not recorded and spends nothing', async () => {
    await assert.rejects(world.issuer.issue(request({ csr: 'nonsense' })), { code: 'csr.malformed' })
    assert.equal(world.record.intents.length, 0)
    assert.equal(world.refused[0]?.code, 'csr.malformed')
    assert.equal(world.refused[0]?.identity, WEB)
  })
})

describe('who may not', () => {
  test('hostile 40: a blocked key and a key of the CA itself', async () => {
    const issued = await world.issuer.issue(request())
    const spki = new X509Certificate(issued.leaf).publicKey.export({ type: 'spki', format: 'der' })
    const { createHash } = await import('node:crypto')
    const blocked = await newWorld({ blockedKeys: new Set([createHash('sha256').update(spki).digest('hex')]) })
    await assert.rejects(blocked.issuer.issue(request()), { code: 'issue.denied' })
    const own = new X509Certificate(world.authorities.list()[0]?.certificate ?? '').publicKey
    const ownHash = createHash('sha256')
      .update(own.export({ type: 'spki', format: 'der' }))
      .digest('hex')
    assert.ok(world.authorities.isOwnKey(ownHash))
  })

  test('hostile 72: a denied identity and a denied key', async () => {
    const entry = { reason: 'test', reasonCode: 'unspecified' as const, at: NOW, actor: 'test', notAfter: null }
    await world.issuer.issue(request())
    await world.denyList.add({
      ...entry,
      kind: 'key',
      value: world.record.intents[0]?.spkiSha256.toString('hex') ?? '',
    })
    await assert.rejects(world.issuer.issue(request()), { code: 'issue.denied' })
    const second = await newWorld()
    await second.denyList.add({ ...entry, kind: 'identity', value: WEB })
    await assert.rejects(second.issuer.issue(request()), { code: 'issue.denied' })
    assert.equal(second.refused[0]?.identity, WEB) // the log line says who it was
  })

  test('who is denied while the certificate is made does not get it', async () => {
    const { record, denyList } = world
    const add = record.recordIntent.bind(record)
    record.recordIntent = async (intent) => {
      const entry = { reason: 'test', reasonCode: 'unspecified' as const, at: NOW, actor: 'test', notAfter: null }
      await denyList.add({ ...entry, kind: 'identity', value: WEB })
      return add(intent)
    }
    await assert.rejects(world.issuer.issue(request()), { code: 'issue.denied' })
    assert.equal(record.intents.length, 1)
  })

  test('only an administrator may name the identity, and has to', async () => {
    await assert.rejects(world.issuer.issue(request({ identity: WEB })), { code: 'auth.forbidden' })
    world.caller = { ...world.caller, attestor: 'admin' }
    await assert.rejects(world.issuer.issue(request()), { code: 'request.malformed' })
    await assert.rejects(world.issuer.issue(request({ identity: 'spiffe://evil.example/a' })), {
      code: 'request.malformed',
    })
    assert.equal((await world.issuer.issue(request({ identity: WEB }))).identity, WEB)
    assert.equal(world.record.intents[0]?.attestor, 'admin')
  })
})

test('while an authority is tainted, lives are short, so that its holders come back', async () => {
  const urgent = await newWorld({}, { rate: 1000, perIdentity: 1000, queue: 100, isUrgent: true })
  const { notAfter, issuedAt } = await urgent.issuer.issue(request({ ttlSeconds: 3600 }))
  assert.equal(notAfter - Math.floor(issuedAt / 1000), 600)
})

describe('limits', () => {
  test('hostile 46: the same CSR many times gets distinct serials until the rate limit', async () => {
    const limited = await newWorld({}, { rate: 1000, perIdentity: 20, queue: 1000 })
    const all = await Promise.allSettled(Array.from({ length: 200 }, () => limited.issuer.issue(request())))
    const serials = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.serial] : []))
    assert.equal(serials.length, 20)
    assert.equal(new Set(serials).size, 20)
    const refused = all.find((one) => one.status === 'rejected')
    assert.ok(refused?.status === 'rejected' && refused.reason instanceof AppError)
    assert.equal(refused.reason.code, 'limit.rate')
    assert.equal(refused.reason.retryAfterSeconds, 1)
    limited.clock.advance(1000)
    await limited.issuer.issue(request())
  })

  test('all callers together are limited too', async () => {
    const limited = await newWorld({}, { rate: 3, perIdentity: 1000, queue: 1000 })
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => limited.issuer.issue(request())))
    assert.equal(all.filter((one) => one.status === 'fulfilled').length, 3)
  })

  test('more requests at once than the queue holds are refused with limit.queue', async () => {
    const limited = await newWorld({}, { rate: 1000, perIdentity: 1000, queue: 5 })
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => limited.issuer.issue(request())))
    assert.equal(all.filter((one) => one.status === 'fulfilled').length, 5)
    await Promise.all(Array.from({ length: 5 }, () => limited.issuer.issue(request()))) // each has left, refused or not
  })
})

test('what a door could not read is observed as a refusal of nobody', () => {
  world.issuer.unread({ requestId: 'r1', peer: '127.0.0.1:1', error: new AppError('request.malformed', 'no') })
  assert.deepEqual(
    world.refused.map(({ requestId, code, attestor, identity, peer }) => [requestId, code, attestor, identity, peer]),
    [['r1', 'request.malformed', null, null, '127.0.0.1:1']],
  )
})

describe('hostile 103: the clock was set', () => {
  const DAY = 86_400_000

  test('back behind the beginning of the issuer: nothing is signed, and nothing recorded', async () => {
    world.clock.set(-DAY)
    await assert.rejects(world.issuer.issue(request()), { code: 'issue.no_active_authority' })
    assert.equal(world.record.intents.length, 0)
    world.clock.set(DAY)
    await world.issuer.issue(request())
  })

  test('back a day below an older issuer: what is issued has begun for peers whose clocks are right', async () => {
    world.clock.advance(10 * DAY)
    const peers = world.clock.now() / 1000
    world.clock.set(-DAY)
    const { notBefore, notAfter } = await world.issuer.issue(request())
    assert.ok(notBefore <= peers && notAfter > notBefore)
  })

  test('limits go by the monotonic clock, whichever way the other is set', async () => {
    const limited = await newWorld({}, { rate: 1000, perIdentity: 1, queue: 100 })
    const ask = () => limited.issuer.issue(request())
    await ask()
    for (const days of [1, -2, 1]) {
      limited.clock.set(days * DAY)
      await assert.rejects(ask, { code: 'limit.rate' })
    }
    limited.clock.advance(1000)
    await ask()
  })
})
