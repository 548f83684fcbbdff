import { X509Certificate } from 'node:crypto'

/** What clients of one worker have seen. */
export interface FleetCounts {
  readonly connected: number
  /** Why a handshake, a request or a certificate was not as it must be; the first few of each reason are kept. */
  readonly failures: Readonly<Record<string, number>>
  /** Requests that nobody answered while the service was down. */
  readonly unanswered: number
  readonly serials: readonly string[]
  /** Certificates that outlive who signed them. */
  readonly outliving: number
}

/** A certificate with the bundle of its time. */
export interface FleetSample {
  readonly leaf: string
  readonly intermediates: string
  readonly roots: string
}

const SAMPLE_EVERY = 40
/** What a request may meet while the service is killed and started again. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/** Counts what happens to the clients of one worker. */
export class FleetTally {
  readonly #onSample: (sample: FleetSample) => void
  readonly #failures = new Map<string, number>()
  readonly #serials: string[] = []
  #connected = 0
  #unanswered = 0
  #outliving = 0

  constructor(onSample: (sample: FleetSample) => void) {
    this.#onSample = onSample
  }

  connected(): void {
    this.#connected++
  }

  failed(where: string, error: unknown): void {
    const reason = `${where}: ${error instanceof Error ? `${codeOf(error) ?? ''} ${error.message}` : String(error)}`
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1)
  }

  /** A request without an answer; one that the service refused, or that did not trust the service, is a failure. */
  unanswered(error: unknown): null {
    if (AWAY.has(codeOf(error) ?? '')) this.#unanswered++
    else this.failed('to the service', error)
    return null
  }

  issued(chain: readonly string[], roots: string): void {
    const [leaf = '', ...intermediates] = chain
    const own = new X509Certificate(leaf)
    this.#serials.push(own.serialNumber.toLowerCase().padStart(32, '0'))
    const issuer = new X509Certificate(intermediates[0] ?? '')
    if (Date.parse(own.validTo) > Date.parse(issuer.validTo)) this.#outliving++
    if (this.#serials.length % SAMPLE_EVERY === 0) {
      this.#onSample({ leaf, intermediates: intermediates.join(''), roots })
    }
  }

  counts(): FleetCounts {
    return {
      connected: this.#connected,
      failures: Object.fromEntries(this.#failures),
      unanswered: this.#unanswered,
      serials: this.#serials,
      outliving: this.#outliving,
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
