import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ServingTls } from '../api/serving-tls.ts'
import type { Log } from '../kernel/log.ts'
import { StartupError } from '../kernel/startup-error.ts'

/** A certificate and its key in files that somebody else renews. */
interface WebCertificateFiles {
  readonly certificate: string
  readonly key: string
}

interface Pair {
  readonly cert: string
  readonly key: string
}

const CHECK_MS = 10_000

/** A serving certificate from files, read again when they change; a pair that cannot be used leaves the one before in force. */
export class WebCertificate implements ServingTls {
  readonly #files: WebCertificateFiles
  readonly #log: Log
  readonly #listeners = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #pair: Pair
  #problem: string | null = null

  private constructor(files: WebCertificateFiles, pair: Pair, log: Log) {
    this.#files = files
    this.#pair = pair
    this.#log = log
    this.#timer = setInterval(() => this.refresh(), CHECK_MS)
    this.#timer.unref()
  }

  /** Throws `StartupError` when the files cannot be used. */
  static open(files: WebCertificateFiles, log: Log): WebCertificate {
    try {
      return new WebCertificate(files, readPair(files), log)
    } catch (cause) {
      throw new StartupError('config.invalid', `listen.bundle: ${reasonOf(cause)}`, cause)
    }
  }

  current(): Pair {
    return this.#pair
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the files now. */
  refresh(): void {
    try {
      const pair = readPair(this.#files)
      this.#problem = null
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return
      this.#pair = pair
      for (const listener of this.#listeners) listener()
      this.#log.info('bundle_certificate.changed', { file: this.#files.certificate })
    } catch (error) {
      const problem = reasonOf(error)
      if (problem !== this.#problem) this.#log.error('bundle_certificate.refused', { reason: problem })
      this.#problem = problem
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** A certificate and a key that belong together, or it throws: while they are replaced they may not. */
function readPair({ certificate, key }: WebCertificateFiles): Pair {
  const pair = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
  createSecureContext(pair)
  return pair
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
