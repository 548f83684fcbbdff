export const PATH_NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const
/** Istio's `pathNormalization.normalization`; its DEFAULT is BASE. */
export type PathNormalization = (typeof PATH_NORMALIZATIONS)[number]

/** What decisions depend on beside resources: Istio's MeshConfig, as far as Alcazar needs it. */
export interface MeshSettings {
  /** Empty: no policy is for the whole mesh. */
  readonly rootNamespace: string
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  readonly pathNormalization: PathNormalization
  /** Names that a CUSTOM policy may ask; a policy that names another refuses every request it matches. */
  readonly extensionProviders: readonly string[]
}
