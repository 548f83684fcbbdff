import type { MeshSettings } from '../mesh/mesh-settings.ts'
import type { Policy, WorkloadEntry } from '../mesh/resource.ts'
import { policiesIn, type ResourceSet } from '../mesh/snapshot.ts'
import { candidatesFor } from '../policy/candidates.ts'
import { type CompiledWorkload, compileWorkload } from '../policy/compile-workload.ts'
import { openRuleCompiler, type RuleCompiler, trustDomainsOf } from '../policy/rule-compiler.ts'
import { type FoundWorkload, findWorkload, type StoredReference, toWorkload } from './find-workload.ts'
import type { Aides } from './judge.ts'
import { compileJwtRules } from './jwt/compile-jwt-rules.ts'
import { type AideDeps, toAides } from './to-aides.ts'

/** A compiled workload with the policies it was compiled from: the same arrays mean that nothing changed for it. */
interface Entry {
  readonly own: readonly Policy[]
  readonly root: readonly Policy[]
  readonly prepared: PreparedWorkload
}

/** Everything that decides for a stored workload. */
export interface PreparedWorkload {
  readonly compiled: CompiledWorkload
  readonly aides: Aides
}

/** The stored workloads that were asked for, by namespace and name; as many as the set has at most. */
interface Names {
  readonly set: ResourceSet | null
  readonly byNamespace: Map<string, Map<string, PreparedWorkload>>
}

const MAX_NAMESPACES = 10_000
const NONE: readonly Policy[] = []

/**
 * Compiles a workload at its first question after a change that concerns its own or the root namespace; what it
 * compiled is forgotten with the stored entry.
 */
export class CompiledWorkloads {
  readonly mesh: MeshSettings
  readonly #deps: AideDeps
  readonly #compile: RuleCompiler
  readonly #ours: readonly string[]
  readonly #byEntry = new WeakMap<WorkloadEntry, Entry>()
  #names: Names = { set: null, byNamespace: new Map() }
  /** Of service accounts without an entry: they share what their namespace has. */
  readonly #byNamespace = new Map<string, Entry>()

  constructor(mesh: MeshSettings, deps: AideDeps) {
    this.mesh = mesh
    this.#deps = deps
    this.#compile = openRuleCompiler(mesh)
    this.#ours = trustDomainsOf(mesh)
  }

  /** Throws as `findWorkload`. A name is looked up once for each set, for that is what most proxies ask by. */
  find(set: ResourceSet, reference: StoredReference): PreparedWorkload {
    if (reference.by !== 'name') return this.#get(set, findWorkload(set, reference, this.#ours))
    const { namespace, name } = reference
    if (this.#names.set !== set) this.#names = { set, byNamespace: new Map() }
    const { byNamespace } = this.#names
    const known = byNamespace.get(namespace)?.get(name)
    if (known !== undefined) return known
    const prepared = this.#get(set, findWorkload(set, reference, this.#ours))
    const names = byNamespace.get(namespace) ?? new Map<string, PreparedWorkload>()
    byNamespace.set(namespace, names.set(name, prepared))
    return prepared
  }

  #get(set: ResourceSet, found: FoundWorkload): PreparedWorkload {
    const { rootNamespace } = this.mesh
    const namespace = 'entry' in found ? found.entry.metadata.namespace : found.namespace
    const own = policiesIn(set, namespace)
    const root = rootNamespace === namespace || rootNamespace === '' ? NONE : policiesIn(set, rootNamespace)
    const known = 'entry' in found ? this.#byEntry.get(found.entry) : this.#byNamespace.get(namespace)
    if (known !== undefined && known.own === own && known.root === root) return known.prepared
    const workload = toWorkload(found)
    const policies = [...candidatesFor(root, workload), ...candidatesFor(own, workload)]
    const compiled = compileWorkload(workload, policies, { mesh: this.mesh, compile: this.#compile })
    const plan = compileJwtRules(compiled.requestAuthentications)
    const prepared = { compiled, aides: toAides(plan, this.#deps) }
    this.#keep(found, { own, root, prepared })
    return prepared
  }

  #keep(found: FoundWorkload, entry: Entry): void {
    if ('entry' in found) {
      this.#byEntry.set(found.entry, entry)
      return
    }
    if (this.#byNamespace.size >= MAX_NAMESPACES) this.#byNamespace.clear()
    this.#byNamespace.set(found.namespace, entry)
  }
}
