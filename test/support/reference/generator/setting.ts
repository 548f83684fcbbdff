/** What a row is mostly about: anything, or tokens. */
export type Theme = 'any' | 'token'

/** What the policies of one row have in common. */
export interface Setting {
  readonly theme: Theme
  readonly rootNamespace: string
  /** Whether PeerAuthentications have a creation time: all of a row, or none. */
  readonly dated: boolean
  readonly keySets: readonly string[]
}
