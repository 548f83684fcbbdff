import type { Clock } from '../../kernel/clock.ts'
import { coalesced } from '../../kernel/coalesced.ts'
import type { Log } from '../../kernel/log.ts'
import type { ParsedCrl } from '../../pki/parse-crl.ts'
import type { Signer } from '../../pki/signer.ts'
import type { Authority } from '../authority.ts'
import type { Revocations } from '../deny/revocations.ts'
import { buildCrlSet, type Crl, type CrlSet, type CrlState, type CrlStore, crlContents, type ServedCrl } from './crl.ts'
import { type CrlIssuer, crlIssuers } from './crl-issuers.ts'
import { findGivenCrl } from './given-crls.ts'
import { isCrlDue, signCrl } from './sign-crl.ts'

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

/** Keeps a current CRL for every authority that signs certificates, an empty one where nothing is revoked. */
export class CrlPublisher {
  readonly #deps: CrlPublisherDeps
  readonly #last: Map<string, Crl>
  /** Of authorities whose keys are elsewhere; which of them can be used is found anew each time. */
  #given: readonly ParsedCrl[] = []
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

  /** Takes CRLs that others have signed, in place of those that it was given before. */
  async take(given: readonly ParsedCrl[]): Promise<void> {
    this.#given = given
    await this.refresh('given')
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
    for (const id of this.#last.keys()) if (!authorities.some((one) => one.id === id)) this.#last.delete(id)
    for (const issuer of crlIssuers(authorities, clock.now())) {
      const { crl, warning } = await this.#find(issuer, authorities, reason)
      states.push({ authority: issuer.id, kind: issuer.kind, crl, warning })
    }
    const set = buildCrlSet(states)
    const isNew = set.etag !== this.#current.etag || this.#problem !== null
    this.#current = set
    if (isNew) await this.#publish(set)
  }

  /** A key that fails takes only its own CRL with it. */
  async #find({ id, certificate, authority }: CrlIssuer, known: readonly Authority[], reason: string): Promise<Found> {
    const { signerOf, revocations, clock, log } = this.#deps
    const now = Math.floor(clock.now() / 1000)
    const last = this.#last.get(id) ?? null
    try {
      if (authority === null) return toFound(findGivenCrl(this.#given, { certificate, revoked: [], now }), null)
      const contents = crlContents(authority, { authorities: known, revocations, now: clock.now() })
      if (last !== null && !isCrlDue(last, contents.mark, clock.now() / 1000)) return { crl: last, warning: null }
      const signer = await signerOf(id)
      if (signer === null) {
        const revoked = contents.entries.map(({ serial }) => serial)
        return toFound(findGivenCrl(this.#given, { certificate, revoked, now }), last)
      }
      const crl = await signCrl(authority, signer, { contents, last, now })
      await this.#store(crl)
      log.info('crl.signed', { authority: id, number: crl.number, entries: crl.entries, reason })
      return { crl, warning: null }
    } catch (error) {
      log.error('crl.not_signed', { authority: id, error })
      return { crl: last, warning: whyOld(last, 'it could not be signed, the log has the reason') }
    }
  }

  /** Before anybody sees it, so that its number is never used for another. */
  async #store(crl: Crl): Promise<void> {
    await this.#deps.store.saveCrl(crl, this.#deps.clock.now())
    this.#last.set(crl.authority, crl)
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

type Found = Pick<CrlState, 'crl' | 'warning'>

/** What was given, else the last one of ours. */
function toFound({ crl, problem }: ReturnType<typeof findGivenCrl>, last: ServedCrl | null): Found {
  if (crl !== null) return { crl, warning: problem }
  return { crl: last, warning: whyOld(last, `its key is not here, and ${problem}`) }
}

function whyOld(last: ServedCrl | null, why: string): string {
  if (last === null) return `${why}: there is none, and who checks the whole chain accepts nothing below it`
  return `${why}: the last one stands until ${new Date(last.nextUpdate * 1000).toISOString()}`
}
