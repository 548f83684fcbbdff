import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import { AppError } from '../../src/kernel/errors.ts'
import { parseCsr } from '../../src/pki/csr.ts'
import { TAG } from '../../src/pki/der-writer.ts'
import { toPem } from '../../src/pki/pem.ts'
import { x509 } from '../../src/pki/x509.ts'
import { buildCsrInfo, EVERY_KEY_TYPE, extension, nameOf, signCsrInfo } from '../support/csr-builder.ts'
import { mutateBytes, mutateElement, type Random, seededRandom } from '../support/der-mutations.ts'
import { SEED } from '../support/test-seed.ts'

const BROKEN = 200_000
const RESIGNED = 3_000
const SLOWEST_MS = 50
const LIMITS = { maxBytes: 16_384, asn1Depth: 16, allowed: EVERY_KEY_TYPE }

interface Origin {
  readonly key: KeyObject
  readonly info: Buffer
  readonly der: Buffer
}

const ORIGINS: readonly Origin[] = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ed25519'),
].map(({ privateKey }) => originOf(privateKey))

/** A CSR as a sidecar sends it, and two extensions more. */
function originOf(key: KeyObject): Origin {
  const keyUsage = extension('2.5.29.15', Buffer.from([TAG.bitString, 2, 5, 0xa0]), true)
  const unknown = extension('1.2.3.4', Buffer.from([TAG.null, 0]))
  const uris = ['spiffe://cluster.local/ns/default/sa/web']
  const info = buildCsrInfo({ key, subject: nameOf('2.5.4.10', ''), uris, extensions: [keyUsage, unknown] })
  return { key, info, der: signCsrInfo(info, { key }) }
}

/** The DER of an accepted CSR, null for a refused one; anything thrown but an `AppError` is a crash. */
function tryParse(pem: string): Buffer | null {
  try {
    return parseCsr(pem, LIMITS).der
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('csr.')) return null
    throw new Error(`a CSR made the parser throw something else; seed ${SEED}\n${pem}`, { cause: error })
  }
}

/** A busy machine may stop us for a while, a hang comes back: the fastest of five tries counts. */
function parseInTime(pem: string): Buffer | null {
  for (let tries = 0; tries < 5; tries++) {
    const started = performance.now()
    const der = tryParse(pem)
    if (performance.now() - started <= SLOWEST_MS) return der
  }
  throw new Error(`a CSR took more than ${SLOWEST_MS} ms five times; seed ${SEED}\n${pem}`)
}

/** Broken bytes anywhere in the signed CSR, or in its PEM. */
function brokenMutant(origin: Origin, random: Random): string {
  const mutate = random(3) === 0 ? mutateElement : mutateBytes
  const once = mutate(origin.der, random)
  const pem = toPem('CERTIFICATE REQUEST', random(4) === 0 ? mutateBytes(once, random) : once)
  return random(20) === 0 ? mutateText(pem, random) : pem
}

function mutateText(pem: string, random: Random): string {
  const at = random(pem.length)
  const inserted = random(2) === 0 ? '' : String.fromCharCode(random(0x180))
  return pem.slice(0, at) + inserted + pem.slice(at + random(3))
}

/** The signed part changed and signed again by the right key, so that nothing but the parser stands in the way. */
function resignedMutant({ key, info }: Origin, random: Random): string {
  return toPem('CERTIFICATE REQUEST', signCsrInfo(mutateElement(info, random), { key }))
}

/** Parses `count` mutants; the DER of those that were accepted, each once. */
function acceptedOf(count: number, mutant: (origin: Origin, random: Random) => string): Buffer[] {
  const random = seededRandom(SEED)
  const accepted = new Map<string, Buffer>()
  for (let i = 0; i < count; i += ORIGINS.length) {
    for (const origin of ORIGINS) {
      const der = parseInTime(mutant(origin, random))
      if (der !== null) accepted.set(hash('sha256', der), der)
    }
  }
  return [...accepted.values()]
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** Whether another implementation takes the CSR and its signature. */
async function isAcceptedElsewhere(der: Buffer): Promise<boolean> {
  if (!hasOpenssl) return new x509.Pkcs10CertificateRequest(der).verify()
  const { status, stderr } = spawnSync('openssl', ['req', '-verify', '-noout', '-inform', 'DER'], { input: der })
  return status === 0 && /verify OK/.test(stderr.toString())
}

async function assertAcceptedElsewhere(accepted: readonly Buffer[], t: TestContext): Promise<void> {
  t.diagnostic(`seed ${SEED}: ${accepted.length} different CSRs accepted`)
  if (!hasOpenssl) t.diagnostic('NO OPENSSL ON THIS MACHINE: accepted CSRs are checked by the X.509 library instead')
  for (const der of accepted) {
    assert.ok(await isAcceptedElsewhere(der), `accepted here, refused elsewhere; seed ${SEED}: ${der.toString('hex')}`)
  }
}

describe('mutated CSRs: no crash, nothing over 50 ms, nothing accepted that OpenSSL refuses', () => {
  test('the CSRs that are mutated are accepted', async (t) => {
    for (const { der } of ORIGINS) assert.deepEqual(tryParse(toPem('CERTIFICATE REQUEST', der)), der)
    await assertAcceptedElsewhere(
      ORIGINS.map(({ der }) => der),
      t,
    )
  })

  test(`${BROKEN} with broken bytes, tags, lengths and elements`, async (t) => {
    await assertAcceptedElsewhere(acceptedOf(BROKEN, brokenMutant), t)
  })

  test(`${RESIGNED} changed and signed again`, async (t) => {
    const accepted = acceptedOf(RESIGNED, resignedMutant)
    assert.ok(accepted.length > RESIGNED / 20, `only ${accepted.length} of ${RESIGNED} were accepted`)
    await assertAcceptedElsewhere(accepted, t)
  })
})
