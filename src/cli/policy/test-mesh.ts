import type { Supposed } from '../../decide/what-if.ts'
import { toWrittenMesh, type WrittenMesh, type WrittenProvider } from '../../decide/written-mesh.ts'
import { DEFAULT_MESH } from './read-mesh.ts'

const DENIES = { name: 'x-ext-authz', contains: 'deny' }
/** Providers that a test may name without declaring them: those of the conformance corpus. */
const BUILT_IN: readonly WrittenProvider[] = [
  { name: 'ext-a', denyHeader: DENIES },
  { name: 'ext-b', denyHeader: DENIES },
]

/** The settings of the mesh that a test is run with. */
export function toTestMesh({ extensionProviders = [], ...written }: WrittenMesh): Pick<Supposed, 'mesh' | 'ask'> {
  const declared = new Set(extensionProviders.map(({ name }) => name))
  const others = BUILT_IN.filter(({ name }) => !declared.has(name))
  return toWrittenMesh({ ...written, extensionProviders: [...extensionProviders, ...others] }, DEFAULT_MESH)
}
