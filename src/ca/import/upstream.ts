import type { Clock, UnixSeconds } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { buildCsr } from '../../pki/build-csr.ts'
import type { CaMaterial } from '../../pki/ca-directory.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authority } from '../authority.ts'
import type { KeyProvider } from '../key-provider.ts'
import { type Importer, toRefusal } from './importer.ts'
import { type PendingKeyDeps, pendingKey } from './pending-key.ts'
import type { UpstreamAnswer } from './upstream-client.ts'

export interface UpstreamDeps extends PendingKeyDeps {
  readonly importer: Importer
  /** Has the CSR signed; rejects with the reason. */
  readonly ask: (csr: string) => Promise<UpstreamAnswer>
  readonly clock: Clock
  readonly log: Log
  readonly keyType: KeyType
  /** Share of its life after which the next intermediate is fetched. */
  readonly prepareAt: number
}

const CHECK_MS = 10_000
const MAX_RETRY_MS = 600_000

/** Has every intermediate signed by the root of another service; they take over through the usual gates. */
export class UpstreamRenewal {
  readonly #deps: UpstreamDeps
  #problem: string | null = null
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #run: Promise<void> = Promise.resolve()

  constructor(deps: UpstreamDeps) {
    this.#deps = deps
  }

  /** In words, why the next intermediate is not here; null: nothing is known. */
  get problem(): string | null {
    return this.#problem
  }

  /** Looks at once, then again and again until `close`. Never rejects. */
  async start(): Promise<void> {
    this.#run = this.tick()
    await this.#run
    if (this.#isClosed) return
    const wait = Math.min(CHECK_MS * 2 ** Math.min(this.#failures, 10), MAX_RETRY_MS)
    this.#timer = setTimeout(() => void this.start(), wait).unref()
  }

  /** Waits for a request that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#run
  }

  /** Fetches the next intermediate when it is due. Never rejects. */
  async tick(): Promise<void> {
    const { clock, known, keys, prepareAt, log } = this.#deps
    try {
      const now = Math.floor(clock.now() / 1000)
      if (!(await isDue(known(), { now, prepareAt, keys }))) return
      await this.#fetch()
      this.#failures = 0
      this.#problem = null
    } catch (error) {
      this.#failures++
      this.#problem = `no intermediate from upstream: ${error instanceof Error ? error.message : String(error)}`
      log.error('authority.upstream_failed', { error })
    }
  }

  async #fetch(): Promise<void> {
    const { importer, ask, keyType } = this.#deps
    const csr = await buildCsr(await pendingKey(keyType, this.#deps))
    const outcome = await importer.import(toMaterial(await ask(csr)), { actor: 'alcazar', reason: 'from upstream' })
    if (!outcome.accepted) throw toRefusal(outcome.findings)
    this.#deps.log.info('authority.upstream_signed', { authority: outcome.id })
  }
}

/** The files of an import, as if they had lain there; the key is here already. */
export function toMaterial({ chain, roots }: UpstreamAnswer): CaMaterial {
  const named = (name: string, texts: readonly string[]) => ({ name, text: texts.join('') })
  return {
    certificate: named('the certificate from upstream', chain.slice(0, 1)),
    key: null,
    chain: chain.length > 1 ? named('the chain from upstream', chain.slice(1)) : null,
    roots: named('the roots from upstream', roots),
  }
}

/** At once while a root of our own signs; then at a share of the life of the one that does. */
async function isDue(
  known: readonly Authority[],
  { now, prepareAt, keys }: { readonly now: UnixSeconds; readonly prepareAt: number; readonly keys: KeyProvider },
): Promise<boolean> {
  const intermediates = known.filter(({ kind }) => kind === 'intermediate')
  if (intermediates.some(({ state }) => state === 'prepared')) return false
  const active = intermediates.find(({ state }) => state === 'active')
  if (active === undefined || (await keys.has(active.issuer))) return true
  return now >= active.notBefore + (active.notAfter - active.notBefore) * prepareAt
}
