import type { Config } from '../config/config.ts'
import { refuseExposedKeys } from '../pki/file-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { Base } from './base.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { type OpenedKeys, openKeys } from './keys.ts'
import { type OpenedResources, openResources } from './resources.ts'
import { readPassphrase } from './settings.ts'

/** Where everything lies that outlives the process. */
export interface Storage {
  readonly directory: DataDirectory
  /** Of key files; null: they are not encrypted. */
  readonly passphrase: string | null
  readonly keys: OpenedKeys
  readonly store: Store
  readonly mesh: OpenedResources
}

/** Opens the data directory, the keys, the record and the resources; throws `StartupError` where one cannot be used. */
export async function openStorage(config: Config, base: Base, env: NodeJS.ProcessEnv): Promise<Storage> {
  const { clock, log, closers } = base
  const directory = await openDataDirectory(config.dataDir)
  await refuseExposedKeys(directory.keys)
  const passphrase = readPassphrase(config, env)
  const keys = await openKeys(config, { directory: directory.keys, passphrase, env, clock, log })
  closers.add('keys', () => keys.close())
  const store = await openRecord(config, directory, base)
  closers.add('store', () => store.close())
  const mesh = openResources(config, { store, clock, log })
  closers.add('resources', () => mesh.close())
  return { directory, passphrase, keys, store, mesh }
}

function openRecord(config: Config, directory: DataDirectory, { clock, log, live, metrics }: Base): Promise<Store> {
  const { url, retention } = config.store
  const path = url.slice('sqlite:'.length) // none: in the data directory
  return openStore({
    file: path === '' ? directory.database : path,
    queue: () => live.current.limits.queue,
    retention: { issuedSeconds: retention.issued, auditSeconds: retention.audit },
    clock,
    log,
    onGroup: ({ size, seconds }) => metrics.storeGroup(size, seconds),
  })
}
