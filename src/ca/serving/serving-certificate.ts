import { createHash, createPublicKey } from 'node:crypto'
import type { AttestedCaller } from '../../identity/evidence.ts'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import type { UnixSeconds } from '../../kernel/clock.ts'
import { coalesced } from '../../kernel/coalesced.ts'
import { AppError } from '../../kernel/errors.ts'
import { generateKey, privateKeyPem, writeFileAtomically } from '../../pki/file-keys.ts'
import type { LeafSigner } from '../issue/sign-leaf.ts'
import { OWN_SUBJECT } from '../own-subject.ts'
import { fits, type ReadPairDeps, readPair, type ServingFiles, type ServingPair } from './serving-pair.ts'

export interface ServingOptions extends ServingFiles {
  readonly ttlSeconds: number
}

export interface ServingDeps extends ReadPairDeps {
  readonly signer: LeafSigner
}

const MAX_CHECK_EVERY_MS = 30_000
const CHECKS_PER_LIFE = 10

/** The service's own certificate: issued by its own CA, renewed at half its life, read by the listeners at each change. */
export class ServingCertificate {
  readonly #deps: ServingDeps
  readonly #options: ServingOptions
  readonly #listeners = new Set<() => void>()
  #pair: ServingPair
  #timer: NodeJS.Timeout | undefined

  /** Issues a new pair and tells the listeners; one at a time, as two would write one file. */
  readonly renew: () => Promise<void> = coalesced(() => this.#renew())

  private constructor(deps: ServingDeps, options: ServingOptions, pair: ServingPair) {
    this.#deps = deps
    this.#options = options
    this.#pair = pair
  }

  /** Takes the pair of the last run when it still fits, else issues one; then keeps it fresh until `stop`. */
  static async open(deps: ServingDeps, options: ServingOptions): Promise<ServingCertificate> {
    const pair = (await readPair(deps, options, fits)) ?? (await issueOrRepair(deps, options))
    const serving = new ServingCertificate(deps, options, pair)
    const checkEveryMs = Math.min(MAX_CHECK_EVERY_MS, (options.ttlSeconds * 1000) / CHECKS_PER_LIFE)
    serving.#timer = setInterval(() => void serving.#tick(), checkEveryMs)
    serving.#timer.unref()
    return serving
  }

  current(): { readonly cert: string; readonly key: string } {
    return this.#pair
  }

  get notAfter(): UnixSeconds {
    return this.#pair.notAfter
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #renew(): Promise<void> {
    this.#pair = await issuePair(this.#deps, this.#options)
    for (const listener of this.#listeners) listener()
    this.#deps.log.info('serving_certificate.renewed', { notAfter: this.#pair.notAfter })
  }

  /** At half its life, and where one that shall take its place could not be issued before. */
  async #tick(): Promise<void> {
    if (fits(this.#pair, this.#deps, this.#options)) return
    try {
      await this.renew()
    } catch (error) {
      this.#deps.log.error('serving_certificate.renewal_failed', { error, notAfter: this.#pair.notAfter })
    }
  }
}

async function issuePair(deps: ServingDeps, options: ServingOptions): Promise<ServingPair> {
  const key = generateKey('ec-p256')
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const spkiSha256 = createHash('sha256').update(spki).digest()
  // There is no CSR: the row carries the key's own hash in its place.
  const leafKey = { spki, keyType: 'ec-p256' as const, spkiSha256, csrSha256: spkiSha256 }
  const identity = parseSpiffeId(options.names.uri, 'internal')
  const caller: AttestedCaller = { identity, attestor: 'admin', subject: OWN_SUBJECT }
  const draft = deps.signer.draft(options.names, leafKey, options.ttlSeconds)
  const issued = await deps.signer.sign(draft, { caller, peer: 'local' })
  const cert = [issued.leaf, ...issued.issuer.intermediates].join('')
  await writeFileAtomically(options.keyFile, privateKeyPem(key, options.passphrase))
  await writeFileAtomically(options.certificateFile, cert, 0o644)
  return { cert, key: privateKeyPem(key, null), notBefore: issued.notBefore, notAfter: issued.notAfter }
}

/** Nothing can be issued now, by a fault that somebody may still repair. */
const REPAIRABLE: ReadonlySet<string> = new Set(['issue.no_active_authority', 'issue.not_recorded', 'key.unavailable'])

/** Where nothing can be issued, the old pair serves on, so that administrators reach the service and repair it. */
async function issueOrRepair(deps: ServingDeps, options: ServingOptions): Promise<ServingPair> {
  try {
    return await issuePair(deps, options)
  } catch (error) {
    if (!(error instanceof AppError) || !REPAIRABLE.has(error.code)) throw error
    const old = await readPair(deps, options, () => true)
    if (old === null) throw error
    deps.log.error('serving_certificate.not_renewed', { error, notAfter: old.notAfter })
    return old
  }
}
