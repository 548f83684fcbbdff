export type Outcome = 'allow' | 'deny' | 'reject'
export type Cause = 'allowed' | 'opaque_tls' | 'rbac' | 'jwt' | 'ext_authz' | 'tls' | 'no_filter_chain' | 'protocol'
export type Phase = 'peer' | 'request' | 'custom' | 'authorization'

/** What dry-run policies would have done. */
export interface DryRun {
  readonly 'deny.result'?: 'allowed' | 'denied'
  readonly 'deny.policy'?: string
  readonly 'allow.result'?: 'allowed' | 'denied'
  readonly 'allow.policy'?: string
}

/** What an allowed HTTP request looks like after the policies: what they leave of it. */
export interface Upstream {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers: Readonly<Record<string, readonly string[]>>
}

/** The answer for one request or connection; field names and values as in the conformance corpus. */
export interface Decision {
  readonly decision: Outcome
  /** HTTP status; absent for TCP and where no response is sent. */
  readonly status?: number
  readonly cause: Cause
  readonly phase: Phase
  /** The rule that refused, `ns[N]-policy[P]-rule[I]`; absent when refused because no ALLOW rule matched. */
  readonly policy?: string
  /** The ALLOW rule that let it pass. */
  readonly allowedBy?: string
  readonly dryRun?: DryRun
  readonly audit?: true
  /** One line for people: what decided and why. */
  readonly reason: string
}
