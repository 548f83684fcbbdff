import { AppError } from '../../kernel/errors.ts'
import type { CaCertificate } from '../../pki/ca-certificate.ts'
import type { ForeignFreshness, ForeignTrustBundle } from './foreign-trust-bundle.ts'
import { changesRoots, type FederationStatus, freshnessOf, type Member, toStatus } from './member.ts'

/** The foreign trust domains in memory: who is believed now, each by its own name (F-20). */
export class Members {
  readonly #members = new Map<string, Member>()
  readonly #listeners = new Set<() => void>()
  #version = 1

  /** Grows whenever the roots of any of them change. */
  get version(): number {
    return this.#version
  }

  get(trustDomain: string): Member | undefined {
    return this.#members.get(trustDomain)
  }

  names(): readonly string[] {
    return [...this.#members.keys()]
  }

  rootsOf(trustDomain: string): readonly CaCertificate[] {
    return this.#members.get(trustDomain)?.held?.roots ?? []
  }

  /** The last good bundle; null where there is none, also for a trust domain that is not known. */
  bundleOf(trustDomain: string): (ForeignTrustBundle & ForeignFreshness) | null {
    const held = this.#members.get(trustDomain)?.held ?? null
    return held === null ? null : { ...held.published, ...freshnessOf(held) }
  }

  /** By trust domain. */
  list(): readonly FederationStatus[] {
    const all = [...this.#members.values()].map(toStatus)
    return all.toSorted((a, b) => (a.trustDomain < b.trustDomain ? -1 : 1))
  }

  /** `resource.not_found` */
  statusOf(trustDomain: string): FederationStatus {
    const member = this.#members.get(trustDomain)
    if (member === undefined) throw notFederated(trustDomain)
    return toStatus(member)
  }

  /** Told after each change of a bundle, and when one comes or goes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** In place of what was known of its trust domain. */
  put(member: Member): void {
    this.#members.set(member.relationship.trustDomain, member)
    this.#version++
    this.#tell()
  }

  /** False where the relationship has been removed meanwhile, or made anew. */
  change({ relationship }: Member, change: Partial<Omit<Member, 'relationship'>>): boolean {
    const { trustDomain } = relationship
    const current = this.#members.get(trustDomain)
    if (current === undefined || current.relationship !== relationship) return false
    const next = { ...current, ...change }
    this.#members.set(trustDomain, next)
    if (changesRoots(current.held, next.held)) this.#version++
    if (current.held?.published.etag !== next.held?.published.etag) this.#tell()
    return true
  }

  remove(trustDomain: string): void {
    this.#members.delete(trustDomain)
    this.#version++
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** `resource.not_found` */
export function notFederated(trustDomain: string): AppError {
  return new AppError('resource.not_found', `there is no federation with \`${trustDomain}\``)
}
