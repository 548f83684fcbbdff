import { createPublicKey, X509Certificate } from 'node:crypto'
import type { Clock, UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { RandomBytes } from '../../kernel/random.ts'
import { buildAuthorityCertificate } from '../../pki/build-certificate.ts'
import { parseCsr } from '../../pki/csr.ts'
import { KEY_TYPES } from '../../pki/key-types.ts'
import type { Authority, AuthorityState } from '../authority.ts'
import { positiveSerial } from '../create-authority.ts'
import { crossChain } from '../cross-chain.ts'
import type { KeyProvider } from '../key-provider.ts'
import type { IssuanceRecord } from '../record.ts'

/** The certificate of somebody else's intermediate, below our root. */
export interface SignedIntermediate {
  /** 32 lower-case hex digits. */
  readonly serial: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** PEM: the intermediate, then the way from its root to older ones that are still trusted; no root. */
  readonly chain: readonly string[]
  /** PEM of its root, then of the older and newer ones that are to be believed beside it. */
  readonly roots: readonly string[]
}

export interface SignIntermediateRequest {
  /** PEM; only its key is taken. */
  readonly csr: string
  readonly ttlSeconds?: number
  readonly actor: string
  readonly peer: string
}

export interface SignIntermediateDeps {
  readonly authorities: () => readonly Authority[]
  /** True for a key (SHA-256 of its SubjectPublicKeyInfo, hex) that is denied, blocked or one of ours. */
  readonly isRefusedKey: (spkiSha256: string) => boolean
  readonly bundleSequence: () => number
  readonly keys: KeyProvider
  readonly record: IssuanceRecord
  readonly clock: Clock
  readonly random: RandomBytes
  readonly trustDomain: string
  /** The default, and the most that is granted. */
  readonly ttlSeconds: number
}

const CSR_LIMITS = { maxBytes: 16_384, asn1Depth: 16 }
const BACKDATE_SECONDS = 3600
const SIGNING: ReadonlySet<AuthorityState> = new Set(['prepared', 'active', 'draining'])

/** Certifies an intermediate of another service of this trust domain: path length 0, never outliving the root. */
export async function signIntermediate(
  request: SignIntermediateRequest,
  deps: SignIntermediateDeps,
): Promise<SignedIntermediate> {
  const csr = parseCsr(request.csr, { ...CSR_LIMITS, allowed: new Set(KEY_TYPES) }) // 1 who holds the key
  if (deps.isRefusedKey(csr.spkiSha256.toString('hex'))) {
    throw new AppError('issue.denied', 'this public key never gets a certificate: generate a new key')
  }
  const now = Math.floor(deps.clock.now() / 1000)
  const { root, signer } = await signingRoot(deps, now) // 2 who signs
  const notBefore = Math.max(now - BACKDATE_SECONDS, root.notBefore)
  const notAfter = Math.min(now + Math.min(request.ttlSeconds ?? deps.ttlSeconds, deps.ttlSeconds), root.notAfter)
  const serial = positiveSerial(deps.random)
  const id = await deps.record.recordIntent({
    ...{ serial, notBefore, notAfter, issuedAt: deps.clock.now() },
    identity: `spiffe://${deps.trustDomain}`,
    attestor: 'admin',
    subject: request.actor,
    authority: root.id, // so that the root stays in the bundle as long as this lives
    spkiSha256: csr.spkiSha256,
    csrSha256: csr.csrSha256,
    peer: request.peer,
    bundleSequence: deps.bundleSequence(),
  }) // 3 before signing: a crash must not lose a certificate
  try {
    const certificate = await buildAuthorityCertificate({
      ...{ trustDomain: deps.trustDomain, kind: 'intermediate', serial, notBefore, notAfter, signer },
      publicKey: createPublicKey({ key: csr.spki, format: 'der', type: 'spki' }),
      issuerCertificate: root.certificate,
    })
    refuseUnverified(certificate, root) // 4 read back by another parser
    deps.record.recordResult(id, 'issued')
    return { serial: serial.toString('hex'), notBefore, notAfter, ...wayOf(certificate, root, deps.authorities()) }
  } catch (error) {
    deps.record.recordResult(id, 'failed')
    throw error
  }
}

/**
 * Who has only an older root must find a path to the leaves of the other service, too, and it has to know that root for it.
 * With it goes every root that signs here, did, or will next: those who are certified there meet what descends from them, and
 * count as delivered with the bundle that is on the record.
 */
function wayOf(certificate: string, root: Authority, authorities: readonly Authority[]) {
  const crossings = crossChain(authorities, root)
  const signing = authorities.filter(({ kind, state }) => kind === 'root' && SIGNING.has(state))
  const roots = [root, ...crossings.map(({ by }) => by), ...signing].map((one) => one.certificate)
  return {
    chain: [certificate, ...crossings.map((crossing) => crossing.certificate)],
    roots: [...new Set(roots)],
  }
}

async function signingRoot({ authorities, keys }: SignIntermediateDeps, now: UnixSeconds) {
  const active = authorities().find(({ kind, state }) => kind === 'root' && state === 'active')
  if (active === undefined || now < active.notBefore || now >= active.notAfter) {
    throw new AppError('issue.no_active_authority', 'no root is valid now: an administrator has to rotate it')
  }
  if (!(await keys.has(active.id))) {
    throw new AppError('issue.no_active_authority', 'the key of the root is not here: have the CSR signed where it is')
  }
  return { root: active, signer: await keys.load(active.id, active.keyType) }
}

function refuseUnverified(certificate: string, root: Authority): void {
  const seen = new X509Certificate(certificate)
  const issuer = new X509Certificate(root.certificate)
  if (seen.ca && seen.checkIssued(issuer) && seen.verify(issuer.publicKey)) return
  throw new TypeError(`an intermediate below ${root.id} does not read back as it was signed`)
}
