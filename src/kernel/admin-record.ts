import type { UnixMillis } from './clock.ts'

/** One administrative action, appended and never changed. */
export interface AdminAction {
  readonly at: UnixMillis
  readonly actor: string
  /** Dotted verb: `token.create`, `cert.revoke`. */
  readonly action: string
  readonly target: string
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
}
