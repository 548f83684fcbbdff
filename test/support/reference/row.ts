import type { Policy } from '../../../src/mesh/resource.ts'

/** A request as written on the wire: names and values of the conformance corpus. */
export interface Request {
  readonly id: string
  readonly protocol: 'http' | 'tcp'
  readonly port: number
  readonly sourceIp: string
  /** Null: plaintext. */
  readonly peer: RequestPeer | null
  readonly method?: string
  /** Raw request target. */
  readonly path?: string
  /** Absent: no Host header. */
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
}

export interface RequestPeer {
  readonly uriSans: readonly string[]
  readonly dnsSans?: readonly string[]
  readonly sni?: string
  readonly noCert?: boolean
  /** Null or absent: what a sidecar offers. */
  readonly alpn?: readonly string[] | null
}

export interface Mesh {
  readonly rootNamespace: string
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  /** Empty: DEFAULT, that is BASE. */
  readonly pathNormalization: string
}

export interface RowWorkload {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly ip: string
  /** Null: 8080 and 8081 are HTTP, 9000 is TCP. */
  readonly ports: Readonly<Record<string, number>> | null
}

/** What decides a request: a row of the corpus without its requests. */
export interface Row {
  readonly mesh: Mesh
  readonly workload: RowWorkload
  readonly policies: readonly Policy[]
}

/** What the workload receives. Header names are in lower case. */
export interface Upstream {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers: Readonly<Record<string, readonly string[]>>
}

/** What the corpus records for a request, without its informative fields. */
export interface Outcome {
  readonly decision: 'allow' | 'deny' | 'reject'
  readonly status?: number
  readonly cause: string
  readonly policy?: string
  readonly dryRun?: Readonly<Record<string, string>>
  readonly audit?: true
  readonly upstream?: Upstream
}

/** A row of the corpus with what the real pair answered. */
export interface RecordedRow extends Row {
  readonly name: string
  readonly tags: readonly string[]
  readonly requests: readonly (Request & { readonly outcome: Outcome })[]
}
