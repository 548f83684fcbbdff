import type { Authority } from '../authority.ts'

/** Who wants it, and why. */
export interface ImportNote {
  readonly actor: string
  readonly reason: string
}

/** Where imported authorities go: published first, active through the same gates as any other. */
export interface AuthorityIntake {
  /** New ones come as `prepared`; one that is known comes in its state with a renewed certificate. All of them or none. */
  adopt(imported: readonly Authority[], note: ImportNote): Promise<void>
}
