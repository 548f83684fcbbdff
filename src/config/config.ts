import type { KeyType } from '../pki/key-types.ts'

type Seconds = number
type Bytes = number
type PerSecond = number

/** Where a listener binds; port 0 picks a free one. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Where the keys of a JWT issuer come from. */
export type JwksSource =
  | { readonly file: string }
  | { readonly uri: string; readonly caFile?: string; readonly tokenFile?: string }
  | { readonly inline: { readonly keys: readonly Readonly<Record<string, unknown>>[] } }
  | { readonly discovery: true; readonly caFile?: string; readonly tokenFile?: string }

export interface JwtAttestation {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly jwks: JwksSource
  /** `kubernetes`, or a template such as `spiffe://{trustDomain}/ns/{claims.team}/sa/{claims.sub}`. */
  readonly identity: string
  readonly singleUse: boolean
  readonly allowPrivateAddress: boolean
}

export interface Impersonation {
  readonly caller: string
  readonly identities: readonly string[]
}

export interface Administrator {
  readonly identity: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

/** A limit; null lifts it. */
export interface Limits {
  readonly body: Bytes | null
  readonly decisionBody: Bytes | null
  readonly resourcesBody: Bytes | null
  readonly checkMessage: Bytes | null
  readonly csr: Bytes | null
  readonly token: Bytes | null
  readonly headers: Bytes | null
  readonly asn1Depth: number | null
  readonly concurrentStreams: number | null
  readonly queue: number | null
  readonly rate: PerSecond | null
  readonly ratePerIdentity: PerSecond | null
  readonly headerTimeout: Seconds | null
  readonly bodyTimeout: Seconds | null
  readonly drain: Seconds | null
}

/** A passphrase by reference, never in the file itself. */
export type SecretReference = { readonly file: string } | { readonly env: string }

/** The whole configuration, complete and checked; keys as in `alcazar.yaml`, durations in seconds, sizes in bytes. */
export interface Config {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  readonly rootNamespace: string
  readonly dataDir: string
  readonly store: {
    readonly url: string
    readonly retention: { readonly issued: Seconds | null; readonly audit: Seconds | null }
  }
  readonly listen: {
    readonly grpc: Address
    readonly https: Address
    readonly monitoring: Address
  }
  readonly server: { readonly dnsNames: readonly string[]; readonly ttl: Seconds }
  readonly issuance: {
    readonly defaultTtl: Seconds
    readonly maxTtl: Seconds
    readonly minTtl: Seconds
    readonly backdate: Seconds
    readonly rejectOverMax: boolean
    readonly csrNames: 'match' | 'ignore'
    readonly keyTypes: readonly KeyType[]
    readonly verifySample: number
    /** SHA-256 of SubjectPublicKeyInfo, hex, of keys that never get a certificate. */
    readonly blockedKeys: readonly string[]
  }
  readonly authority: {
    readonly root: { readonly keyType: KeyType; readonly ttl: Seconds }
    readonly intermediate: { readonly keyType: KeyType; readonly ttl: Seconds }
    readonly keys: { readonly provider: 'file'; readonly passphrase?: SecretReference }
  }
  readonly attestation: {
    readonly jwt: readonly JwtAttestation[]
    readonly clientCertificate: { readonly enabled: boolean }
    readonly joinToken: { readonly enabled: boolean; readonly maxTtl: Seconds }
  }
  readonly impersonation: readonly Impersonation[]
  readonly admins: readonly Administrator[]
  readonly limits: Limits
}
