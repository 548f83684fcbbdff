import { X509Certificate } from 'node:crypto'
import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { buildAuthorityCertificate } from '../pki/build-certificate.ts'
import type { KeyType } from '../pki/key-types.ts'
import type { Signer } from '../pki/signer.ts'
import type { Authority } from './authority.ts'
import type { KeyProvider } from './key-provider.ts'

/** An authority with the key it signs with. */
export interface KeyedAuthority {
  readonly authority: Authority
  readonly signer: Signer
}

export interface AuthorityPlan {
  readonly trustDomain: string
  readonly keyType: KeyType
  readonly ttlSeconds: number
  readonly now: UnixMillis
  /** `active` where nothing has to wait for it: the first ones, and the intermediate of a root that takes over. */
  readonly state: 'prepared' | 'active'
}

export interface CreateDeps {
  readonly keys: KeyProvider
  readonly random: RandomBytes
}

const BACKDATE_SECONDS = 3600

/** A new self-signed root: no path length, valid from an hour ago so that no leaf predates it. */
export function createRoot(deps: CreateDeps, plan: AuthorityPlan): Promise<KeyedAuthority> {
  return create(deps, plan, null)
}

/** A new intermediate below `root`: path length 0, within its life. */
export function createIntermediate(
  deps: CreateDeps,
  plan: AuthorityPlan,
  root: KeyedAuthority,
): Promise<KeyedAuthority> {
  return create(deps, plan, root)
}

async function create(deps: CreateDeps, plan: AuthorityPlan, root: KeyedAuthority | null): Promise<KeyedAuthority> {
  const { trustDomain, keyType, state, now } = plan
  const { id, signer } = await deps.keys.create(keyType)
  const kind = root === null ? 'root' : 'intermediate'
  const validity = validityOf(plan, root?.authority)
  const issuer = root?.signer ?? signer
  const certificate = await buildAuthorityCertificate({
    trustDomain,
    kind,
    publicKey: signer.publicKey,
    serial: positiveSerial(deps.random),
    ...validity,
    signer: issuer,
    issuerCertificate: root?.authority.certificate ?? null,
  })
  if (!new X509Certificate(certificate).verify(issuer.publicKey)) {
    throw new TypeError(`the certificate of the ${kind} ${id} does not read back as it was signed`)
  }
  const authority: Authority = {
    id,
    kind,
    state,
    keyType,
    ...validity,
    issuer: root?.authority.id ?? id,
    certificate,
    createdAt: now,
    changedAt: now,
    publishedSequence: 0,
    chain: [],
  }
  return { authority, signer }
}

/** 128 random bits, never 0 (RFC 5280 §4.1.2.2). */
export function positiveSerial(random: RandomBytes): Buffer {
  for (;;) {
    const serial = random(16)
    if (serial.some((byte) => byte !== 0)) return serial
  }
}

interface Validity {
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

/** From an hour ago, so that a clock that is a little slow finds it valid; within the life of whoever signs it. */
export function validityOf(plan: AuthorityPlan, issuer: Validity = { notBefore: 0, notAfter: Infinity }): Validity {
  const now = Math.floor(plan.now / 1000)
  return {
    notBefore: Math.max(now - BACKDATE_SECONDS, issuer.notBefore),
    notAfter: Math.min(now + plan.ttlSeconds, issuer.notAfter),
  }
}
