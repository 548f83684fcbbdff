import type { Authority } from '../authority.ts'

/** Who wants it, and why. */
export interface ImportNote {
  readonly actor: string
  readonly reason: string
  /** Its roots are all that are to be believed beside those that sign here: a trusted one that is not among them leaves. */
  readonly isWhole?: boolean
}

/** Where imported authorities go: published first, active through the same gates as any other. */
export interface AuthorityIntake {
  /**
   * New ones come as `prepared`; one that is known comes in its state with a renewed certificate, and a root
   * that signs nothing as `trusted`, or as `retired` when it leaves. All of them or none.
   */
  adopt(imported: readonly Authority[], note: ImportNote): Promise<void>
}
