import { resolve } from 'node:path'
import type { Authorities } from '../ca/authorities.ts'
import type { AuthorityStore } from '../ca/authority.ts'
import type { CrlPublisher } from '../ca/crl/crl-publisher.ts'
import type { DenyList } from '../ca/deny/deny-list.ts'
import { type FirstSource, importFirst } from '../ca/import/import-first.ts'
import { type Importer, openImporter } from '../ca/import/importer.ts'
import type { AuthorityIntake } from '../ca/import/intake.ts'
import { readCrls } from '../ca/import/read-crls.ts'
import {
  type SignedIntermediate,
  type SignIntermediateRequest,
  signIntermediate,
} from '../ca/import/sign-intermediate.ts'
import { toAdopted } from '../ca/import/to-adopted.ts'
import { type ImportStatus, ImportWatch } from '../ca/import/watch-import.ts'
import type { KeyProvider } from '../ca/key-provider.ts'
import type { Rotator } from '../ca/rotation/rotator.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { DirectoryEvents } from '../mesh/directory-events.ts'
import { type NamedText, readCaDirectory } from '../pki/ca-directory.ts'
import type { FileFinding } from '../pki/file-finding.ts'
import type { Store } from '../store/open-store.ts'
import type { DataDirectory } from './data-directory.ts'
import { servingNames } from './serving-names.ts'
import { openUpstream, upstreamNote, upstreamSource } from './upstream.ts'

/** The way in for authorities that others have signed, and the way out for those that we sign for others. */
export interface OpenedImport {
  readonly importer: Importer
  signIntermediate(request: SignIntermediateRequest): Promise<SignedIntermediate>
  /** Of the directory that is looked after; null where none is configured. */
  status(): ImportStatus | null
  /** In words, why the directory is refused, or the next intermediate does not come from upstream. */
  problems(): readonly string[]
  close(): Promise<void>
}

interface Parts {
  readonly directory: DataDirectory
  readonly authorities: Authorities
  readonly publisher: Pick<CrlPublisher, 'take'>
  readonly rotator: Rotator
  readonly denyList: DenyList
  readonly keys: KeyProvider
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly random: RandomBytes
}

interface FirstParts extends Pick<Parts, 'keys' | 'clock' | 'directory'> {
  readonly store: AuthorityStore
}

/** Begins with the authority of `authority.import` or `authority.upstream` where the service has none yet. */
export async function openFirstImport(
  config: Config,
  { store, keys, clock, directory: data }: FirstParts,
): Promise<void> {
  const { directory } = config.authority.import
  const { trustDomain, issuance } = config
  const now = Math.floor(clock.now() / 1000)
  const options = { trustDomain, now, defaultTtlSeconds: issuance.defaultTtl, ownNames: servingNames(config) }
  const pending = { keys, note: upstreamNote(data) }
  const source = directory !== null ? directorySource(resolve(directory)) : upstreamSource(config, pending)
  if (source !== null) await importFirst(source, options, { store, keys })
}

function directorySource(directory: string): FirstSource {
  return { name: `the directory ${directory}`, read: () => readCaDirectory(directory) }
}

/** Opens the importer, reads the directory of `authority.import` and asks upstream; what is wrong there stops no start. */
export async function openImport(config: Config, parts: Parts): Promise<OpenedImport> {
  const { authorities, keys, clock, log, publisher } = parts
  const importer = openImporter(importerDepsOf(config, parts))
  const known = () => authorities.list()
  const { directory, watch: isWatched } = config.authority.import
  const options = directory === null ? null : { directory: resolve(directory), isWatched }
  const listen = (path: string, onEvent: () => void) => new DirectoryEvents(path, onEvent)
  const takeCrls = (file: NamedText | null) => takeCrlsOf(file, publisher)
  const watch = options === null ? null : new ImportWatch(options, { importer, takeCrls, clock, log, listen })
  await watch?.open()
  const note = upstreamNote(parts.directory)
  const upstream = await openUpstream(config, { importer, keys, note, clock, log, known })
  return {
    importer,
    signIntermediate: (request) => signIntermediate(request, signDepsOf(config, parts)),
    status: () => watch?.status() ?? null,
    problems: () => [problemOf(watch?.status()), upstream?.problem ?? null].filter((problem) => problem !== null),
    async close() {
      await watch?.close()
      await upstream?.close()
    },
  }
}

async function takeCrlsOf(file: NamedText | null, publisher: Parts['publisher']): Promise<readonly FileFinding[]> {
  const { crls, findings } = file === null ? { crls: [], findings: [] } : readCrls(file)
  await publisher.take(crls)
  return findings
}

function problemOf(status: ImportStatus | undefined): string | null {
  if (status === undefined || status.isOk) return null
  return `the authority in ${status.directory} is refused: ${status.problem}`
}

function importerDepsOf(config: Config, { authorities, rotator, keys, store, clock }: Parts) {
  const intake: AuthorityIntake = {
    adopt: (imported, note) =>
      rotator.change((view) => toAdopted(view, imported), { ...note, action: 'authority.import' }),
  }
  return {
    keys,
    intake,
    known: () => authorities.list(),
    trustedRoots: () => authorities.current().roots,
    clock,
    trustDomain: config.trustDomain,
    defaultTtlSeconds: config.issuance.defaultTtl,
    ownNames: servingNames(config),
    record: ({ at, actor, id }: { readonly at: number; readonly actor: string; readonly id: string }) =>
      store.appendAdminAction({ at, actor, action: 'authority.csr', target: id, detail: {} }),
  }
}

function signDepsOf(config: Config, { authorities, denyList, keys, store, clock, random }: Parts) {
  const blocked = new Set(config.issuance.blockedKeys)
  return {
    authorities: () => authorities.list(),
    isRefusedKey: (key: string) => blocked.has(key) || denyList.has('key', key) || authorities.isOwnKey(key),
    bundleSequence: () => authorities.current().sequence,
    keys,
    record: store,
    clock,
    random,
    trustDomain: config.trustDomain,
    ttlSeconds: config.authority.intermediate.ttl,
  }
}
