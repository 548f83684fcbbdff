/**
 * Header fields of a request. Names are asked for in lower case; values are in the order of the wire. A source may read
 * them lazily: only what a policy names is looked at.
 */
export interface Headers {
  /** Repeated fields were joined with a comma before we saw them, so a value with a comma may be one or several. */
  readonly joined: boolean
  /** Every value of the field, as it was sent; empty when it is absent. */
  values(name: string): readonly string[]
  /** All fields, names as they were sent. */
  entries(): Iterable<readonly [name: string, value: string]>
}

/** What the TLS session of a connection said; a plaintext connection has none. */
export interface Peer {
  /** Every URI SAN of the client certificate, with its scheme. */
  readonly uriSans: readonly string[]
  /** Null when the ClientHello had none. */
  readonly sni: string | null
  /** Whether a client certificate was shown. */
  readonly certificate: boolean
  /** Null: what an Istio sidecar offers. `terminated`: the proxy that asks has ended TLS itself. */
  readonly alpn: readonly string[] | null | 'terminated'
}

/** A request as it came off the wire, before any normalisation. */
export interface HttpRequest {
  readonly method: string
  /** Raw request target: origin form with its query, or absolute form. */
  readonly target: string
  /** Null when there was no Host header (or `:authority`). */
  readonly host: string | null
  readonly headers: Headers
  /** A proxy asks that may have normalised the target and forwards it as it is; absent: it is as the client wrote it. */
  readonly viaProxy?: true
}

/** One request or connection to judge, as its proxy tells it. */
export interface Question {
  /** Destination port. */
  readonly port: number
  /** Address of the TCP peer, as text. */
  readonly sourceIp: string
  /** Local address, if the proxy tells it; otherwise the workload's own. */
  readonly destinationIp: string | null
  readonly peer: Peer | null
  /** Null: bytes of which nobody knows the meaning (TCP). */
  readonly http: HttpRequest | null
}
