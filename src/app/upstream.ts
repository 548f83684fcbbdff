import type { FirstSource } from '../ca/import/import-first.ts'
import { type Note, type PendingKeyDeps, pendingKey } from '../ca/import/pending-key.ts'
import { toMaterial, type UpstreamDeps, UpstreamRenewal } from '../ca/import/upstream.ts'
import { askUpstream, UpstreamError } from '../ca/import/upstream-client.ts'
import type { Config } from '../config/config.ts'
import { StartupError } from '../kernel/startup-error.ts'
import { buildCsr } from '../pki/build-csr.ts'
import { writeFileAtomically } from '../pki/file-keys.ts'
import { type DataDirectory, readOrNull } from './data-directory.ts'

/** Where the key for upstream is remembered that waits for its certificate. */
export function upstreamNote({ upstreamPending: path }: Pick<DataDirectory, 'upstreamPending'>): Note {
  return { read: () => readOrNull(path), write: (line) => writeFileAtomically(path, line) }
}

/** The first authority from upstream; null where none is configured. */
export function upstreamSource(config: Config, pending: Omit<PendingKeyDeps, 'known'>): FirstSource | null {
  const { upstream, intermediate } = config.authority
  if (upstream === undefined) return null
  return {
    name: `upstream ${upstream.url}`,
    async read() {
      const signer = await pendingKey(intermediate.keyType, { ...pending, known: () => [] })
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
