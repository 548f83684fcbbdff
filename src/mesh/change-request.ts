import type { ChangeKind } from './apply-resources.ts'
import type { Finding } from './finding.ts'
import type { ResourceKey } from './resource.ts'
import type { ResourceSet } from './snapshot.ts'

/** Whether the set and what is stored of `keys` are as the caller thinks; asked when nothing can change any more. */
export type Precondition = (set: ResourceSet, keys: readonly ResourceKey[]) => boolean

/** Parsed YAML or JSON of one object; faults name it by its index. */
export interface GivenDocument {
  readonly index: number
  readonly value: unknown
}

export interface ApplyRequest {
  readonly documents: readonly GivenDocument[]
  readonly actor: string
  /** Only judges and says what would change. */
  readonly isDryRun?: boolean
  /** The watched directory that these are the whole of. */
  readonly owner?: string | null
  readonly precondition?: Precondition
}

/** What became of one object. */
interface AppliedItem extends ResourceKey {
  readonly change: ChangeKind
  readonly warnings: readonly Finding[]
}

export interface Applied {
  /** In the order of the documents. */
  readonly items: readonly AppliedItem[]
  /** Of the set that is now in force. */
  readonly version: number
}

export interface DeleteRequest {
  readonly key: ResourceKey
  readonly actor: string
  readonly precondition?: Precondition
}
