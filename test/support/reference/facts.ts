import type { Header } from './headers.ts'

/** A parsed JSON object, such as the claims of a token. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A canonical HTTP request, as policies see it. */
export interface Http {
  readonly method: string
  readonly authority: string
  /** Normalised, without the query. */
  readonly path: string
  /** Everything from the first `?` on, or empty. */
  readonly query: string
  readonly headers: readonly Header[]
  readonly scheme: 'http' | 'https'
  /** Claims of the last verified token, normalised; empty when there is none. */
  readonly claims: JsonObject
}

/** What rules look at. */
export interface Facts {
  /** URI SANs of the verified client certificate; empty without one. */
  readonly uriSans: readonly string[]
  readonly sni: string | null
  readonly sourceIp: string
  readonly destinationIp: string
  readonly port: number
  /** Null: judged as TCP. */
  readonly http: Http | null
}
