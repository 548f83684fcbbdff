import type { MeshSettings, PathNormalization } from '../mesh/mesh-settings.ts'
import { askHeaderRules } from './header-provider.ts'
import type { Supposed } from './what-if.ts'

/** Settings of the mesh in a what-if; what is absent is as in the configuration. */
export interface WrittenMesh {
  readonly rootNamespace?: string
  readonly trustDomain?: string
  readonly trustDomainAliases?: readonly string[]
  /** Empty: the default of Istio. */
  readonly pathNormalization?: PathNormalization | ''
  readonly extensionProviders?: readonly WrittenProvider[]
}

/** A provider that refuses a request in which the header contains a text. */
export interface WrittenProvider {
  readonly name: string
  readonly denyHeader: { readonly name: string; readonly contains: string }
}

/** The settings, and who answers for the providers: those of the configuration are not asked. */
export function toWrittenMesh(written: WrittenMesh, configured: MeshSettings): Pick<Supposed, 'mesh' | 'ask'> {
  const { extensionProviders = [], pathNormalization = configured.pathNormalization, ...others } = written
  const mesh: MeshSettings = {
    ...configured,
    ...others,
    pathNormalization: pathNormalization === '' ? 'BASE' : pathNormalization,
    extensionProviders: extensionProviders.map(({ name }) => name),
  }
  const rules = extensionProviders.map(({ name, denyHeader: { name: header, contains } }) => ({
    name,
    header,
    contains,
  }))
  return { mesh, ask: askHeaderRules(rules) }
}
