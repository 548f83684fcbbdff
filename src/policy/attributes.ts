import { asciiLower } from '../kernel/ascii-lower.ts'
import { type Address, parseAddress } from './address.ts'
import { claimAt } from './claim-at.ts'
import type { Headers } from './request.ts'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** What is known of a connection once its TLS mode let it pass. */
export interface ConnectionFacts {
  readonly port: number
  readonly sourceIp: string
  readonly destinationIp: string | null
  /** URI SANs of an authenticated peer; empty without one. */
  readonly peerSans: readonly string[]
  readonly sni: string | null
}

/** A canonical HTTP request, after tokens were verified. */
export interface HttpFacts {
  readonly method: string
  /** Normalised, without its query. */
  readonly path: string
  /** With its `?`; empty when there is none. */
  readonly query: string
  /** As sent, with its port. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly headers: Headers
  /** Of the token that was verified last; null when there is none. */
  readonly claims: JsonObject | null
}

const NONE: readonly string[] = []

/** What the fields of policies look at; what is costly is derived at its first use. */
export class Attributes {
  readonly connection: ConnectionFacts
  readonly http: HttpFacts | null
  #lowerHost: string | null = null
  #source: Address | null | undefined
  #remote: Address | null | undefined
  #destination: Address | null | undefined

  constructor(connection: ConnectionFacts, http: HttpFacts | null) {
    this.connection = connection
    this.http = http
  }

  get lowerHost(): string {
    this.#lowerHost ??= asciiLower(this.http?.host ?? '')
    return this.#lowerHost
  }

  get source(): Address | null {
    if (this.#source === undefined) this.#source = parseAddress(this.connection.sourceIp)
    return this.#source
  }

  get destination(): Address | null {
    const { destinationIp } = this.connection
    if (this.#destination === undefined) this.#destination = destinationIp === null ? null : parseAddress(destinationIp)
    return this.#destination
  }

  /** Last entry of X-Forwarded-For where it is a bare address, otherwise the TCP peer: what a sidecar does. */
  get remote(): Address | null {
    if (this.#remote === undefined) {
      const forwarded = this.http?.headers.values('x-forwarded-for') ?? NONE
      this.#remote = (forwarded.length > 0 ? lastForwarded(forwarded) : null) ?? this.source
    }
    return this.#remote
  }

  /** Values of a request header or pseudo header, blanks around them trimmed; empty when it is absent. */
  headerValues(name: string): readonly string[] {
    const { http } = this
    if (http === null) return NONE
    switch (name) {
      case ':path':
        return [http.path + http.query]
      case ':method':
        return [http.method]
      case ':authority':
      case 'host':
        return [http.host]
      case ':scheme':
        return [http.scheme]
      default:
        return http.headers.values(name)
    }
  }

  /** What the claim holds; undefined when it is absent. */
  claim(path: readonly string[]): Json | undefined {
    return claimAt(this.http?.claims ?? null, path)
  }
}

function lastForwarded(values: readonly string[]): Address | null {
  const last = values.at(-1) ?? ''
  return parseAddress(last.slice(last.lastIndexOf(',') + 1).trim())
}
