import { resolve } from 'node:path'
import type { Status } from '../api/http/deps.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { MeshResources } from '../mesh/mesh-resources.ts'
import type { ResourceStore } from '../mesh/resource-store.ts'
import { countKinds, emptySet } from '../mesh/snapshot.ts'
import { DirectoryWatch, type WatchState } from '../mesh/watch-directory.ts'
import type { ObservedResources } from '../telemetry/resource-gauges.ts'

/** The resources of the mesh, kept in step with the store and the watched directories. */
export interface OpenedResources {
  readonly resources: MeshResources
  /** Resolves once the store and every watched directory were read, or could not be; never rejects. */
  readonly attempted: Promise<void>
  watched(): readonly WatchState[]
  close(): Promise<void>
}

interface Parts {
  readonly store: ResourceStore
  readonly clock: Clock
  readonly log: Log
}

/** Begins to read what is stored, then the directories of `mesh.watch`; nobody has to wait for it. */
export function openResources(config: Config, { store, clock, log }: Parts): OpenedResources {
  const directories = config.mesh.watch.map((path) => resolve(path))
  const resources = new MeshResources({ store, clock, log, watched: new Set(directories) })
  const watches = directories.map((directory) => new DirectoryWatch(directory, { resources, clock, log }))
  const read = async () => {
    await resources.load()
    for (const watch of watches) await watch.open() // in this order: of two that hold the same object, the first has it
  }
  return {
    resources,
    attempted: read(),
    watched: () => watches.map((watch) => watch.state()),
    async close() {
      resources.close()
      await Promise.all(watches.map((watch) => watch.close()))
    },
  }
}

/** What the metrics tell of resources. */
export function observeResources({ resources, watched }: OpenedResources): ObservedResources {
  const set = resources.current() ?? emptySet(0)
  return { version: set.version, counts: countKinds(set), watched: watched() }
}

/** The part of the status that tells of resources. */
export function resourceStatusOf({ resources, watched }: OpenedResources): Status['resources'] {
  const set = resources.current()
  return { isLoaded: set !== null, version: set?.version ?? null, count: set?.size ?? 0, watched: watched() }
}
