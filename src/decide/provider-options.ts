/** Files of a TLS connection to a provider; without `caFile` its server is verified by the public authorities. */
export interface ProviderTlsFiles {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  /** Name that the certificate of its server must hold, where it is not the host. */
  readonly serverName?: string
}

interface ProviderCommon {
  readonly name: string
  /** Seconds, with a fraction. */
  readonly timeout: number
  /** HTTP status for the client when it could not be asked (Istio's `statusOnError`). */
  readonly statusOnError: number
  readonly tls?: ProviderTlsFiles
}

/** A provider that is asked by `envoy.service.auth.v3.Authorization/Check`. */
export interface GrpcProviderOptions extends ProviderCommon {
  readonly grpc: { readonly host: string; readonly port: number }
}

/** Istio's EnvoyExternalAuthorizationHttpProvider; names of headers are exact, `prefix*` or `*suffix`. */
export interface HttpProviderOptions extends ProviderCommon {
  readonly http: {
    /** Where it listens; its path stands before that of the request. */
    readonly url: string
    readonly includeRequestHeadersInCheck: readonly string[]
    readonly includeAdditionalHeadersInCheck: Readonly<Record<string, string>>
    readonly headersToUpstream: readonly string[]
    /** None: all of them. */
    readonly headersToDownstreamOnDeny: readonly string[]
  }
}

/** One entry of `mesh.extensionProviders`. */
export type ProviderOptions = GrpcProviderOptions | HttpProviderOptions
