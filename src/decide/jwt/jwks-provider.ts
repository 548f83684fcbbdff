import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { JwkSet } from './jwk-set.ts'
import type { KeyReference, RemoteKeyReference } from './key-reference.ts'
import { loadJwks } from './load-jwks.ts'
import { RemoteKeys } from './remote-keys.ts'

export interface JwksProviderDeps {
  readonly clock: Clock
  readonly log: Log
  /** Whether keys may be fetched from addresses that are not public, and by plain http from this host. */
  readonly allowPrivateAddress: boolean
  /** PEM of the authorities that key servers are trusted by; null: the public ones. */
  readonly caFile?: string | null
  /** Told of each fetch that failed. */
  readonly onFailure?: () => void
}

const MAX_SOURCES = 256

/** The keys of all rules in force: inline ones as they stand, remote ones fetched ahead and kept fresh. */
export class JwksProvider {
  readonly #deps: JwksProviderDeps
  readonly #sources = new Map<string, RemoteKeys>()

  constructor(deps: JwksProviderDeps) {
    this.#deps = deps
  }

  /**
   * Fetches the keys of exactly these references from now on; sources that are not among them are closed. Beyond 256
   * sources the rest is left out, and their tokens are refused.
   */
  follow(references: readonly KeyReference[]): void {
    const wanted = new Map<string, RemoteKeyReference>()
    for (const reference of references) if (reference.from !== 'inline') wanted.set(reference.name, reference)
    for (const [name, source] of this.#sources) {
      if (wanted.has(name)) continue
      source.close()
      this.#sources.delete(name)
    }
    for (const [name, reference] of wanted) {
      if (this.#sources.has(name)) continue
      if (this.#sources.size >= MAX_SOURCES) {
        this.#deps.log.error('jwks.too_many_sources', { limit: MAX_SOURCES, wanted: wanted.size })
        return
      }
      this.#sources.set(name, this.#open(reference))
    }
  }

  /** The keys at hand; null while there are none. */
  current(reference: KeyReference): JwkSet | null {
    return reference.from === 'inline' ? reference.keys : (this.#sources.get(reference.name)?.current ?? null)
  }

  /** The keys, after a fetch that runs or, where `suffices` is not content with them and one may be made, a new one. */
  async currentFor(reference: KeyReference, suffices: (keys: JwkSet) => boolean): Promise<JwkSet | null> {
    if (reference.from === 'inline') return reference.keys
    return (await this.#sources.get(reference.name)?.currentFor(suffices)) ?? null
  }

  close(): void {
    this.follow([])
  }

  #open(reference: RemoteKeyReference): RemoteKeys {
    const { clock, log, allowPrivateAddress, caFile = null, onFailure = () => {} } = this.#deps
    return new RemoteKeys({
      address: reference.address,
      clock,
      log,
      onFailure,
      load: (closing) => loadJwks(reference, { allowPrivateAddress, caFile, closing }),
    })
  }
}
