import type { FirstSource } from '../ca/import/import-first.ts'
import { toMaterial, type UpstreamDeps, UpstreamRenewal } from '../ca/import/upstream.ts'
import { askUpstream, UpstreamError } from '../ca/import/upstream-client.ts'
import type { KeyProvider } from '../ca/key-provider.ts'
import type { Config } from '../config/config.ts'
import { StartupError } from '../kernel/startup-error.ts'
import { buildCsr } from '../pki/build-csr.ts'

type Upstream = Config['authority']['upstream']

/** The first authority from upstream; null where none is configured. */
export function upstreamSource(upstream: Upstream, config: Config, keys: KeyProvider): FirstSource | null {
  if (upstream === undefined) return null
  return {
    name: `upstream ${upstream.url}`,
    async read() {
      const { signer } = await keys.create(config.authority.intermediate.keyType)
      try {
        return { material: toMaterial(await askUpstream(upstream, await buildCsr(signer))), findings: [] }
      } catch (cause) {
        if (!(cause instanceof UpstreamError)) throw cause
        const message = `there is no authority yet, and \`authority.upstream\` gives none: ${cause.message}`
        throw new StartupError('authority.upstream_failed', message, cause)
      }
    },
  }
}

/** Keeps the intermediates coming from upstream until `close`; null where none is configured. */
export async function openUpstream(
  config: Config,
  parts: Omit<UpstreamDeps, 'ask' | 'keyType' | 'prepareAt'>,
): Promise<UpstreamRenewal | null> {
  const { upstream, intermediate, prepareAt } = config.authority
  if (upstream === undefined) return null
  const ask = (csr: string) => askUpstream(upstream, csr)
  const renewal = new UpstreamRenewal({ ...parts, ask, keyType: intermediate.keyType, prepareAt })
  await renewal.start()
  return renewal
}
