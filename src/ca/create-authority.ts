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
export async function createRoot(deps: CreateDeps, plan: AuthorityPlan): Promise<KeyedAuthority> {
  const key = await deps.keys.create(plan.keyType)
  const validity = validityOf(plan, Number.POSITIVE_INFINITY)
  const certificate = await buildAuthorityCertificate({
    trustDomain: plan.trustDomain,
    kind: 'root',
    publicKey: key.signer.publicKey,
    serial: positiveSerial(deps.random),
    ...validity,
    signer: key.signer,
    issuerCertificate: null,
  })
  const authority: Authority = {
    id: key.id,
    kind: 'root',
    state: plan.state,
    keyType: plan.keyType,
    ...validity,
    issuer: key.id,
    certificate,
    createdAt: plan.now,
    changedAt: plan.now,
    publishedSequence: 0,
    chain: [],
  }
  return { authority, signer: key.signer }
}

/** A new intermediate below `root`: path length 0, never outliving it. */
export async function createIntermediate(
  deps: CreateDeps,
  plan: AuthorityPlan,
  root: KeyedAuthority,
): Promise<KeyedAuthority> {
  const key = await deps.keys.create(plan.keyType)
  const validity = validityOf(plan, root.authority.notAfter)
  const certificate = await buildAuthorityCertificate({
    trustDomain: plan.trustDomain,
    kind: 'intermediate',
    publicKey: key.signer.publicKey,
    serial: positiveSerial(deps.random),
    notBefore: Math.max(validity.notBefore, root.authority.notBefore),
    notAfter: validity.notAfter,
    signer: root.signer,
    issuerCertificate: root.authority.certificate,
  })
  const authority: Authority = {
    id: key.id,
    kind: 'intermediate',
    state: plan.state,
    keyType: plan.keyType,
    notBefore: Math.max(validity.notBefore, root.authority.notBefore),
    notAfter: validity.notAfter,
    issuer: root.authority.id,
    certificate,
    createdAt: plan.now,
    changedAt: plan.now,
    publishedSequence: 0,
    chain: [],
  }
  return { authority, signer: key.signer }
}

/** 128 random bits, never 0 (RFC 5280 §4.1.2.2). */
export function positiveSerial(random: RandomBytes): Buffer {
  for (;;) {
    const serial = random(16)
    if (serial.some((byte) => byte !== 0)) return serial
  }
}

/** From an hour ago, so that a clock that is a little slow finds it valid; `limit` is the end of whoever signs it. */
export function validityOf(plan: AuthorityPlan, limit: UnixSeconds): { notBefore: UnixSeconds; notAfter: UnixSeconds } {
  const now = Math.floor(plan.now / 1000)
  return { notBefore: now - BACKDATE_SECONDS, notAfter: Math.min(now + plan.ttlSeconds, limit) }
}
