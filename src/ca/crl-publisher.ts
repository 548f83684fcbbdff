import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { coalesced } from '../kernel/coalesced.ts'
import type { Log } from '../kernel/log.ts'
import { readAuthorityCertificate } from '../pki/build-certificate.ts'
import { buildCrl } from '../pki/crl.ts'
import type { Signer } from '../pki/signer.ts'
import type { Authority } from './authority.ts'
import { buildCrlSet, type Crl, type CrlSet, type CrlState, type CrlStore, crlContents, crlIssuers } from './crl.ts'
import type { Revocations } from './revocations.ts'

export interface CrlPublisherDeps {
  readonly authorities: () => readonly Authority[]
  /** Null when the key is not here: a root's may be kept elsewhere. */
  readonly signerOf: (id: string) => Promise<Signer | null>
  readonly revocations: Revocations
  readonly store: CrlStore
  /** Called with each new set, stored already: writes it to a file. */
  readonly publish: (set: CrlSet) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

const CRL_LIFE_SECONDS = 86_400
const REFRESH_SECONDS = CRL_LIFE_SECONDS / 2
/** Readers' clocks may be slow by as much. */
const BACKDATE_SECONDS = 120

/** Keeps a current CRL for every authority that signs certificates, an empty one where nothing is revoked. */
export class CrlPublisher {
  readonly #deps: CrlPublisherDeps
  readonly #last: Map<string, Crl>
  #current: CrlSet = buildCrlSet([])
  /** What could not be written to files, in words. */
  #problem: string | null = null

  /**
   * Signs the CRLs that are due or behind what was revoked, and publishes. What cannot be signed or written is told by
   * `problems` and tried again with the next call. One runs at a time; who comes meanwhile waits for the next one.
   */
  readonly refresh: (reason: string) => Promise<void> = coalesced((reason) => this.#refresh(reason))

  private constructor(deps: CrlPublisherDeps, stored: readonly Crl[]) {
    this.#deps = deps
    this.#last = new Map(stored.map((crl) => [crl.authority, crl]))
  }

  /** Publishes what is stored, and signs what is missing or due. */
  static async open(deps: CrlPublisherDeps): Promise<CrlPublisher> {
    const publisher = new CrlPublisher(deps, await deps.store.loadCrls())
    await publisher.refresh('start')
    return publisher
  }

  current(): CrlSet {
    return this.#current
  }

  /** What is wrong, one line each. */
  problems(): readonly string[] {
    const warnings = this.#current.states.flatMap(({ kind, authority, warning }) =>
      warning === null ? [] : [`CRL of the ${kind} ${authority}: ${warning}`],
    )
    return this.#problem === null ? warnings : [...warnings, this.#problem]
  }

  async #refresh(reason: string): Promise<void> {
    const { clock } = this.#deps
    const authorities = this.#deps.authorities()
    const states: CrlState[] = []
    for (const authority of crlIssuers(authorities, clock.now())) {
      states.push(await this.#stateOf(authority, authorities, reason))
    }
    const set = buildCrlSet(states)
    const isNew = set.etag !== this.#current.etag || this.#problem !== null
    this.#current = set
    if (isNew) await this.#publish(set)
  }

  /** A key that fails takes only its own CRL with it. */
  async #stateOf(authority: Authority, authorities: readonly Authority[], reason: string): Promise<CrlState> {
    const { signerOf, revocations, clock, log } = this.#deps
    const { id, kind } = authority
    const last = this.#last.get(id) ?? null
    const state = (crl: Crl | null, warning: string | null) => ({ authority: id, kind, crl, warning })
    try {
      const contents = crlContents(authority, { authorities, revocations, now: clock.now() })
      if (last !== null && !isDue(last, contents.mark, clock.now() / 1000)) return state(last, null)
      const signer = await signerOf(id)
      if (signer === null) return state(last, whyOld(last, 'its key is not here'))
      const crl = await this.#sign(authority, signer, contents)
      log.info('crl.signed', { authority: id, number: crl.number, entries: crl.entries, reason })
      return state(crl, null)
    } catch (error) {
      log.error('crl.not_signed', { authority: id, error })
      return state(last, whyOld(last, 'it could not be signed, the log has the reason'))
    }
  }

  /** Stored before anybody sees it, so that its number is never used for another. */
  async #sign(authority: Authority, signer: Signer, contents: ReturnType<typeof crlContents>): Promise<Crl> {
    const { store, clock } = this.#deps
    const now = clock.now()
    const thisUpdate = Math.floor(now / 1000) - BACKDATE_SECONDS
    const nextUpdate = thisUpdate + CRL_LIFE_SECONDS
    const number = nextNumber(this.#last.get(authority.id), Math.floor(now / 1000))
    const { name: issuer, keyId } = readAuthorityCertificate(authority.certificate)
    // No entry is later than the list that it stands in.
    const entries = contents.entries.map((one) => ({ ...one, revokedAt: Math.min(one.revokedAt, thisUpdate) }))
    const der = await buildCrl({ issuer, keyId, number, thisUpdate, nextUpdate, entries }, signer)
    const { mark } = contents
    const crl: Crl = { authority: authority.id, number, thisUpdate, nextUpdate, entries: entries.length, mark, der }
    await store.saveCrl(crl, now)
    this.#last.set(authority.id, crl)
    return crl
  }

  async #publish(set: CrlSet): Promise<void> {
    try {
      await this.#deps.publish(set)
      this.#problem = null
    } catch (error) {
      this.#deps.log.error('crl.not_written', { error })
      this.#problem = 'the CRLs could not be written to their file: the log has the reason'
    }
  }
}

/** Also when the clock went back behind it: nobody would take it. */
function isDue(last: Crl, mark: number, now: UnixSeconds): boolean {
  return last.mark !== mark || now >= last.thisUpdate + REFRESH_SECONDS || now < last.thisUpdate
}

/** By the clock, so that it goes on ascending where the last one was lost with a restored database. */
function nextNumber(last: Crl | undefined, now: UnixSeconds): number {
  return Math.max(now, (last?.number ?? 0) + 1)
}

function whyOld(last: Crl | null, why: string): string {
  if (last === null) return `${why}: there is none, and who checks the whole chain accepts nothing below it`
  return `${why}: the last one stands until ${new Date(last.nextUpdate * 1000).toISOString()}`
}
