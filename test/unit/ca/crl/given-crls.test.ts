import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { Authority } from '../../../../src/ca/authority.ts'
import { createIntermediate, type KeyedAuthority } from '../../../../src/ca/create-authority.ts'
import { CrlPublisher } from '../../../../src/ca/crl/crl-publisher.ts'
import { readAuthorityCertificate } from '../../../../src/pki/build-certificate.ts'
import { buildCrl, type CrlDraft } from '../../../../src/pki/crl.ts'
import { type ParsedCrl, parseCrl } from '../../../../src/pki/parse-crl.ts'
import type { Signer } from '../../../../src/pki/signer.ts'
import { memoryKeys } from '../../../support/authority.ts'
import { type CrlWorld, newCrlWorld } from '../../../support/crl.ts'
import { NOW } from '../../../support/store.ts'

const AT = NOW / 1000
const HOUR = 3600

let world: CrlWorld
/** The one between the intermediate of the world and its root, whose key is elsewhere. */
let between: KeyedAuthority
let authorities: readonly Authority[]
let publisher: CrlPublisher

before(async () => {
  world = await newCrlWorld(NOW)
  const { root, intermediate } = world.authorities
  const plan = {
    state: 'active',
    trustDomain: 'cluster.local',
    keyType: 'ec-p384',
    ttlSeconds: HOUR,
    now: NOW,
  } as const
  between = await createIntermediate({ keys: memoryKeys(), random: (size) => randomBytes(size) }, plan, root)
  authorities = [root.authority, { ...intermediate.authority, chain: [between.authority.certificate] }]
  publisher = await CrlPublisher.open({
    ...world.deps,
    authorities: () => authorities,
    signerOf: async (id) => (id === intermediate.authority.id ? intermediate.signer : null),
  })
})

async function crlOf({ authority, signer }: KeyedAuthority, change: Partial<CrlDraft> = {}): Promise<ParsedCrl> {
  return by(signer, authority, change)
}

async function by(signer: Signer, { certificate }: Authority, change: Partial<CrlDraft>): Promise<ParsedCrl> {
  const { name: issuer, keyId } = readAuthorityCertificate(certificate)
  const times = { thisUpdate: AT - HOUR, nextUpdate: AT + HOUR }
  return parseCrl(await buildCrl({ issuer, keyId, number: 5, ...times, entries: [], ...change }, signer))
}

/** What is served for the one between, and what is wrong. */
async function served(...given: readonly ParsedCrl[]) {
  await publisher.take(given)
  const state = publisher.current().states.find(({ authority }) => authority === between.authority.id)
  assert.ok(state !== undefined)
  return state
}

describe('an authority between an imported intermediate and its root', () => {
  test('is told of while no CRL of it is given, as nobody who checks the whole chain accepts anything', async () => {
    const { crl, kind, warning } = await served()
    assert.deepEqual([crl, kind], [null, 'intermediate'])
    assert.match(warning ?? '', /no CRL of it was given: there is none/)
    assert.ok(publisher.problems().some((problem) => problem.includes(between.authority.id)))
  })

  test('has its given CRL served beside ours', async () => {
    const given = await crlOf(between)
    const { crl, warning } = await served(given)
    assert.deepEqual([crl?.number, crl?.der, warning], [5, given.der, null])
    assert.equal(publisher.current().pem.match(/BEGIN/g)?.length, 3)
  })

  test('the newest is taken', async () => {
    const newest = await crlOf(between, { number: 7, thisUpdate: AT - 60 })
    for (const given of [
      [newest, await crlOf(between)],
      [await crlOf(between), newest],
    ])
      assert.equal((await served(...given)).crl?.number, 7)
  })

  const refused: readonly (readonly [string, RegExp, () => Promise<ParsedCrl>])[] = [
    ['of another', /no CRL of it was given/, () => crlOf(world.authorities.root)],
    [
      'signed by another key',
      /it has not signed the CRL/,
      () => by(world.authorities.root.signer, between.authority, {}),
    ],
    ['expired', /expired at 2026-11-21T03:00:00/, () => crlOf(between, { nextUpdate: AT })],
    ['of the future', /is not valid before/, () => crlOf(between, { thisUpdate: AT + 300 })],
  ]
  for (const [name, why, make] of refused) {
    test(`${name}: refused`, async () => {
      const { crl, warning } = await served(await make())
      assert.equal(crl, null)
      assert.match(warning ?? '', why)
    })
  }

  test('expires while it is served', async () => {
    assert.notEqual((await served(await crlOf(between))).crl, null)
    world.clock.advance(HOUR * 1000)
    await publisher.refresh('test')
    assert.match(publisher.problems().join(), /expired at/)
    world.clock.advance(-HOUR * 1000)
  })
})

describe('a root whose key is elsewhere', () => {
  const stateOfRoot = () => publisher.current().states.find(({ kind }) => kind === 'root')

  test('has the given one served once ours is old', async () => {
    const { root } = world.authorities
    const given = await crlOf(root, { nextUpdate: AT + 100 * HOUR })
    world.clock.advance(13 * HOUR * 1000)
    await publisher.take([given])
    assert.deepEqual([stateOfRoot()?.crl?.der, stateOfRoot()?.warning], [given.der, null])
    await publisher.take([])
    assert.match(stateOfRoot()?.warning ?? '', /the last one stands until/)
  })

  test('is told of where the given one lacks what is revoked here', async () => {
    const { root, intermediate } = world.authorities
    const whole = authorities
    const revoked = { ...intermediate.authority, state: 'revoked', changedAt: NOW } as const
    authorities = [root.authority, revoked]
    const serial = new X509Certificate(revoked.certificate).serialNumber.toLowerCase()
    const given = { nextUpdate: AT + 100 * HOUR }
    await publisher.take([await crlOf(root, given)])
    assert.match(stateOfRoot()?.warning ?? '', /does not name/)
    const entries = [{ serial, revokedAt: AT - HOUR, reason: 'cACompromise' as const }]
    await publisher.take([await crlOf(root, { ...given, entries })])
    assert.equal(stateOfRoot()?.warning, null)
    authorities = whole
  })
})
