import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AttestedCaller } from '../identity/evidence.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import type { Clock, UnixSeconds } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { ExposedKeyError, generateKey, privateKeyPem, readPrivateKey, writeFileAtomically } from '../pki/file-keys.ts'
import type { SubjectNames } from '../pki/profile.ts'
import type { Authorities } from './authorities.ts'
import { OWN_SUBJECT } from './own-subject.ts'
import type { LeafSigner } from './sign-leaf.ts'

export interface ServingOptions {
  /** `spiffe://<td>/ns/<rootNamespace>/sa/alcazar` with the DNS names and addresses of the listeners. */
  readonly names: Required<SubjectNames>
  readonly ttlSeconds: number
  readonly certificateFile: string
  readonly keyFile: string
  readonly passphrase: string | null
}

export interface ServingDeps {
  readonly signer: LeafSigner
  readonly authorities: Authorities
  readonly clock: Clock
  readonly log: Log
}

interface Pair {
  readonly cert: string
  readonly key: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

const MAX_CHECK_EVERY_MS = 30_000
const CHECKS_PER_LIFE = 10

/** The service's own certificate: issued by its own CA, renewed at half its life, read by the listeners at each change. */
export class ServingCertificate {
  readonly #deps: ServingDeps
  readonly #options: ServingOptions
  readonly #listeners = new Set<() => void>()
  #pair: Pair
  #timer: NodeJS.Timeout | undefined

  private constructor(deps: ServingDeps, options: ServingOptions, pair: Pair) {
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

  /** Issues a new pair and tells the listeners. */
  async renew(): Promise<void> {
    this.#pair = await issuePair(this.#deps, this.#options)
    for (const listener of this.#listeners) listener()
    this.#deps.log.info('serving_certificate.renewed', { notAfter: this.#pair.notAfter })
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    if (!isDue(this.#pair, this.#deps.clock)) return
    try {
      await this.renew()
    } catch (error) {
      this.#deps.log.error('serving_certificate.renewal_failed', { error, notAfter: this.#pair.notAfter })
    }
  }
}

function isDue(pair: Pair, clock: Clock): boolean {
  return clock.now() / 1000 >= (pair.notBefore + pair.notAfter) / 2
}

async function issuePair(deps: ServingDeps, options: ServingOptions): Promise<Pair> {
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

/** Where nothing can sign any more, the old pair serves on, so that administrators reach the service and repair it. */
async function issueOrRepair(deps: ServingDeps, options: ServingOptions): Promise<Pair> {
  try {
    return await issuePair(deps, options)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'issue.no_active_authority') throw error
    const old = await readPair(deps, options, () => true)
    if (old === null) throw error
    deps.log.error('serving_certificate.not_renewed', { error, notAfter: old.notAfter })
    return old
  }
}

/** Whether a pair that was read shall be used. */
type Fits = (pair: Pair, deps: ServingDeps, options: ServingOptions) => boolean

/** The pair on disk, or null when a new one has to be issued; only a key that others can read ends the start. */
async function readPair(deps: ServingDeps, options: ServingOptions, isFit: Fits): Promise<Pair | null> {
  try {
    const pair = await readStoredPair(options)
    return pair !== null && isFit(pair, deps, options) ? pair : null
  } catch (error) {
    if (error instanceof ExposedKeyError) throw error
    deps.log.warn('serving_certificate.replaced', { error })
    return null
  }
}

/** Null when there is none, or its key is not its own. */
async function readStoredPair(options: ServingOptions): Promise<Pair | null> {
  const key = await readPrivateKey(options.keyFile, options.passphrase).catch(nullWhenMissing)
  const cert = await readFile(options.certificateFile, 'utf8').catch(nullWhenMissing)
  if (key === null || cert === null) return null
  const leaf = new X509Certificate(cert)
  const pair: Pair = {
    cert,
    key: privateKeyPem(key, null),
    notBefore: Date.parse(leaf.validFrom) / 1000,
    notAfter: Date.parse(leaf.validTo) / 1000,
  }
  return isPair(leaf, key) ? pair : null
}

/** Not due yet, with the names of now and from the authority that signs now. */
function fits(pair: Pair, { authorities, clock }: ServingDeps, { names }: ServingOptions): boolean {
  const leaf = new X509Certificate(pair.cert)
  return hasNames(leaf, names) && isOurs(pair.cert, leaf, authorities) && !isDue(pair, clock)
}

function isPair(leaf: X509Certificate, key: KeyObject): boolean {
  return leaf.checkPrivateKey(key)
}

/** Signed by the authority that signs now, whose certificate follows in the file. */
function isOurs(cert: string, leaf: X509Certificate, authorities: Authorities): boolean {
  const active = authorities.list().find((one) => one.kind === 'intermediate' && one.state === 'active')
  return (
    active !== undefined &&
    cert.endsWith(active.certificate) &&
    leaf.verify(new X509Certificate(active.certificate).publicKey)
  )
}

function hasNames(leaf: X509Certificate, names: Required<SubjectNames>): boolean {
  const present = new Set((leaf.subjectAltName ?? '').split(', '))
  const uri = present.has(`URI:${names.uri}`)
  return (
    uri &&
    names.dns.every((name) => present.has(`DNS:${name}`)) &&
    present.size === 1 + names.dns.length + names.ips.length
  )
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
