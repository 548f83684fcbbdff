import type { ForeignTrust } from '../../identity/attest-foreign-certificate.ts'
import type { Clock, UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { type CaCertificate, parseCaCertificate } from '../../pki/ca-certificate.ts'
import { type CertificateFacts, parseCertificateFacts } from '../../pki/explain/facts.ts'
import { type ForeignPath, findForeignPath } from './foreign-path.ts'

/** The roots of foreign trust domains, each by its own name (F-20). */
export interface ForeignRoots {
  /** Grows whenever any of them changes. */
  readonly version: number
  /** None for a trust domain that is not known. */
  rootsOf(trustDomain: string): readonly CaCertificate[]
}

const MAX_PRESENTED = 8
const MAX_REMEMBERED = 64

/**
 * Whether the bundle of a trust domain vouches for a leaf. Intermediates that led to a root once are remembered: a
 * client that resumes its TLS session shows its leaf alone (RFC 8446 §2.2).
 */
export class ForeignCertificates implements ForeignTrust {
  readonly #roots: ForeignRoots
  readonly #clock: Clock
  readonly #remembered = new Map<string, Map<string, CaCertificate>>()

  constructor(roots: ForeignRoots, clock: Clock) {
    this.#roots = roots
    this.#clock = clock
  }

  get version(): number {
    return this.#roots.version
  }

  trustedUntil(trustDomain: string, leaf: Buffer, presented: () => readonly Buffer[]): UnixSeconds | null {
    const roots = this.#roots.rootsOf(trustDomain)
    if (roots.length === 0) {
      this.#remembered.delete(trustDomain)
      return null // B-9
    }
    const known = this.#remembered.get(trustDomain) ?? new Map<string, CaCertificate>()
    const intermediates = [...presented().slice(0, MAX_PRESENTED).flatMap(readAuthority), ...known.values()]
    const now = this.#clock.now() / 1000
    const facts = readLeaf(leaf)
    const path = facts === null ? null : findForeignPath(facts, { trustDomain, roots, intermediates, now })
    if (path === null) return null
    this.#remember(trustDomain, known, path)
    return Math.min(...path.map(({ facts }) => facts.notAfter))
  }

  #remember(trustDomain: string, known: Map<string, CaCertificate>, path: ForeignPath): void {
    for (const one of path.slice(0, -1)) {
      known.delete(one.facts.sha256) // the newest is last
      known.set(one.facts.sha256, one)
    }
    for (const oldest of known.keys()) if (known.size > MAX_REMEMBERED) known.delete(oldest)
    this.#remembered.set(trustDomain, known)
  }
}

function readLeaf(der: Buffer): CertificateFacts | null {
  try {
    return parseCertificateFacts(der)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** What cannot be read leads to no root, and may stand beside what does. */
function readAuthority(der: Buffer): CaCertificate[] {
  try {
    return [parseCaCertificate(der, 'handshake')]
  } catch (error) {
    if (error instanceof AppError) return []
    throw error
  }
}
