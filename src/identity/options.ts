import { StartupError } from '../kernel/startup-error.ts'

/** Where the keys of a JWT issuer come from. */
export type JwksSource =
  | { readonly file: string }
  | { readonly uri: string; readonly caFile?: string; readonly tokenFile?: string }
  | { readonly inline: { readonly keys: readonly Readonly<Record<string, unknown>>[] } }
  | { readonly discovery: true; readonly caFile?: string; readonly tokenFile?: string }

/** Whose tokens are believed, and whom they stand for. */
export interface JwtRule {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly jwks: JwksSource
  /** `kubernetes`, or a template such as `spiffe://{trustDomain}/ns/{claims.team}/sa/{claims.sub}`. */
  readonly identity: string
  readonly singleUse: boolean
  readonly allowPrivateAddress: boolean
}

/** Who may act for which identities: `*` as a last segment stands for everything below. */
export interface ImpersonationGrant {
  readonly caller: string
  readonly identities: readonly string[]
}

/** Which identities of a foreign trust domain may look at this service: `*` as a last segment stands for everything below. */
export interface ForeignTrustEntry {
  readonly trustDomain: string
  readonly identities: readonly string[]
}

export interface AdministratorEntry {
  readonly identity: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

/** What attestation needs of the configuration; the whole of it fits, read again at each reload. Times in seconds. */
export interface AttestationOptions {
  readonly trustDomain: string
  readonly attestation: {
    readonly jwt: readonly JwtRule[]
    readonly clientCertificate: { readonly enabled: boolean; readonly foreign: readonly ForeignTrustEntry[] }
    readonly joinToken: { readonly enabled: boolean; readonly maxTtl: number }
  }
  readonly impersonation: readonly ImpersonationGrant[]
  readonly admins: readonly AdministratorEntry[]
  readonly limits: { readonly token: number | null }
}

/** One thing wrong with the options, by its path in the configuration. */
export interface OptionProblem {
  readonly path: string
  readonly message: string
}

/** The options cannot be used; carries every problem found. */
export class AttestationOptionsError extends StartupError {
  override name = 'AttestationOptionsError'
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super('config.invalid', problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
    this.problems = problems
  }
}
