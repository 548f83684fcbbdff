/** What a kind of error means on each wire; `public` says whether its message may leave the process. */
interface KindRow {
  readonly grpc: number
  readonly http: number
  readonly public: boolean
}

export const KIND = {
  invalid: { grpc: 3, http: 400, public: true },
  unauthenticated: { grpc: 16, http: 401, public: true },
  denied: { grpc: 7, http: 403, public: true },
  notFound: { grpc: 5, http: 404, public: true },
  conflict: { grpc: 10, http: 409, public: true },
  tooLarge: { grpc: 8, http: 413, public: true },
  mediaType: { grpc: 3, http: 415, public: true },
  unprocessable: { grpc: 3, http: 422, public: true },
  exhausted: { grpc: 8, http: 429, public: true },
  internal: { grpc: 13, http: 500, public: false },
  unavailable: { grpc: 14, http: 503, public: true },
} as const satisfies Record<string, KindRow>

export type Kind = keyof typeof KIND

/** Every code that a client can meet; `docs/errors.md` describes each and a test compares the two. */
export const CODES = {
  'request.malformed': 'invalid',
  'request.media_type': 'mediaType',
  'csr.malformed': 'invalid',
  'csr.signature_invalid': 'invalid',
  'csr.key_not_allowed': 'invalid',
  'csr.extension_not_allowed': 'invalid',
  'csr.names_mismatch': 'denied',
  'csr.too_large': 'tooLarge',
  'issue.ttl_invalid': 'invalid',
  'issue.denied': 'denied',
  'issue.not_recorded': 'unavailable',
  'issue.no_active_authority': 'unavailable',
  'key.unavailable': 'unavailable',
  'key.type_unsupported': 'unprocessable',
  'auth.missing': 'unauthenticated',
  'auth.token_malformed': 'unauthenticated',
  'auth.token_expired': 'unauthenticated',
  'auth.token_not_yet_valid': 'unauthenticated',
  'auth.audience_mismatch': 'unauthenticated',
  'auth.issuer_unknown': 'unauthenticated',
  'auth.signature_invalid': 'unauthenticated',
  'auth.subject_invalid': 'unauthenticated',
  'auth.token_used': 'unauthenticated',
  'auth.token_unknown': 'unauthenticated',
  'auth.certificate_untrusted': 'unauthenticated',
  'auth.certificate_expired': 'unauthenticated',
  'auth.proofs_disagree': 'unauthenticated',
  'auth.impersonation_denied': 'unauthenticated',
  'auth.keys_unavailable': 'unavailable',
  'auth.forbidden': 'denied',
  'resource.not_found': 'notFound',
  'resource.conflict': 'conflict',
  'resource.invalid': 'unprocessable',
  'authority.invalid_transition': 'conflict',
  'authority.not_ready': 'conflict',
  'authority.import_refused': 'unprocessable',
  'decision.workload_ambiguous': 'denied',
  'decision.not_ready': 'unavailable',
  'backup.running': 'conflict',
  'backup.interrupted': 'unavailable',
  'limit.size': 'tooLarge',
  'limit.rate': 'exhausted',
  'limit.queue': 'exhausted',
  internal: 'internal',
} as const satisfies Record<string, Kind>

export type ErrorCode = keyof typeof CODES

/** One fault of a document that was given; `document` counts from 0, `path` is as in `spec.rules[0].to`. */
export interface Fault {
  readonly document: number
  readonly path: string
  /** Stable, as the codes of errors are. */
  readonly code: string
  readonly message: string
  /** What was probably meant. */
  readonly suggestion?: string
}

/** What a client may read beside the message: what was wanted, what was seen, and when to try again. */
export interface ErrorDetail {
  readonly wanted?: string
  readonly seen?: string
  readonly retryAfterSeconds?: number
  /** What is wrong in each document, where documents were given. */
  readonly faults?: readonly Fault[]
  /** A condition that the client set did not hold: HTTP has 412 for it (RFC 9110 §15.5.13). */
  readonly isPrecondition?: true
  readonly cause?: unknown
}

/**
 * The one error that carries a stable code; any other thrown value is a bug and leaves the process as `internal`.
 * Messages: lower case, one line, user input in backticks, no secrets, and what to do next where that is known.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly wanted: string | undefined
  readonly seen: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly faults: readonly Fault[] | undefined
  readonly isPrecondition: boolean

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'AppError'
    this.code = code
    this.wanted = detail.wanted
    this.seen = detail.seen
    this.retryAfterSeconds = detail.retryAfterSeconds
    this.faults = detail.faults
    this.isPrecondition = detail.isPrecondition === true
  }
}

/** What may leave the process of any thrown value: its code, a message without inner text, and its wire statuses. */
export interface PublicError {
  readonly code: ErrorCode
  readonly kind: Kind
  readonly grpc: number
  readonly http: number
  readonly message: string
  readonly wanted: string | undefined
  readonly seen: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly faults: readonly Fault[] | undefined
}

const PRECONDITION_FAILED = 412

/** Total: everything that is not an `AppError` of a public kind becomes `internal` with a fixed message. */
export function toPublicError(error: unknown): PublicError {
  const known = error instanceof AppError ? error : null
  const code = known?.code ?? 'internal'
  const kind = CODES[code]
  const row = KIND[kind]
  return {
    code,
    kind,
    grpc: row.grpc,
    http: known?.isPrecondition === true ? PRECONDITION_FAILED : row.http,
    message:
      known !== null && row.public ? known.message : 'internal error; the log has the details under this request id',
    wanted: row.public ? known?.wanted : undefined,
    seen: row.public ? known?.seen : undefined,
    retryAfterSeconds: known?.retryAfterSeconds,
    faults: row.public ? known?.faults : undefined,
  }
}
