import type { KeyProvider } from '../ca/key-provider.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { openFileKeyProvider } from '../pki/file-key-provider.ts'
import { openPkcs11KeyProvider } from '../pki/pkcs11/pkcs11-key-provider.ts'
import { readSecret } from './read-secret.ts'

/** Where authority keys live, and how it is there. */
export interface OpenedKeys extends KeyProvider {
  /** Label of the PKCS #11 token that keys are made in; null: they are files. */
  readonly token: string | null
  /** Whether nothing can be signed at the moment. */
  isDown(): boolean
  /** In words. */
  problems(): readonly string[]
  close(): void
}

interface Parts {
  readonly directory: string
  readonly passphrase: string | null
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: Log
}

/** Opens the place of `authority.keys`; throws `key.unusable` and `pkcs11.*`. */
export async function openKeys(config: Config, { directory, passphrase, ...parts }: Parts): Promise<OpenedKeys> {
  const files = openFileKeyProvider(directory, passphrase)
  if (config.authority.keys.provider === 'pkcs11')
    return withEarlierFiles(await openToken(config, parts), files, parts.log)
  return { ...files, token: null, isDown: () => false, problems: () => [], close() {} }
}

async function openToken(
  config: Config,
  { env, clock, log }: Pick<Parts, 'env' | 'clock' | 'log'>,
): Promise<OpenedKeys> {
  const { module, tokenLabel, pin } = config.authority.keys
  if (module === undefined || tokenLabel === undefined || pin === undefined)
    throw new TypeError('a configuration without its token has passed its checks')
  const readPin = () => readSecret(pin, { path: 'authority.keys.pin', env })
  const { problem, ...provider } = await openPkcs11KeyProvider({ module, tokenLabel, readPin, clock, log })
  return { ...provider, token: tokenLabel, problems: () => [problem()].filter((one) => one !== null) }
}

/**
 * Keys that were files before the token came go on signing from there, until rotation has put others in their place: so
 * nobody misses a handshake when a service moves to a token.
 */
function withEarlierFiles(token: OpenedKeys, files: KeyProvider, log: Log): OpenedKeys {
  return {
    ...token,
    has: async (id) => (await files.has(id)) || token.has(id),
    async load(id, keyType) {
      if (!(await files.has(id))) return token.load(id, keyType)
      log.warn('key.not_in_token', { authority: id })
      return files.load(id, keyType)
    },
    async discard(id) {
      await files.discard(id)
      await token.discard(id)
    },
  }
}
