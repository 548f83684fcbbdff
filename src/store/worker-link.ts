import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { StoreOpenError } from './open-error.ts'
import type {
  Argument,
  CallMessage,
  FromWorker,
  GroupMessage,
  GroupWritten,
  Method,
  SentError,
  Value,
  WorkerSetup,
} from './protocol.ts'

const FIRST_RESTART_MS = 100
const LAST_RESTART_MS = 5000
/** Groups leave little garbage; the default would keep some 20 MB for it. */
const YOUNG_GENERATION_MB = 4

/** Who hears of groups, and of the worker's death and return. */
export interface LinkListener {
  written(group: GroupWritten): void
  failed(error: AppError): void
  down(error: AppError): void
  up(): void
}

interface Waiter {
  readonly resolve: (value: Value<Method>) => void
  readonly reject: (error: unknown) => void
}

/** The main thread's end of the worker: sends, gives answers to who asked, and starts it again when it died. */
export class WorkerLink {
  readonly #setup: WorkerSetup
  readonly #log: Log
  readonly #listener: LinkListener
  readonly #waiters = new Map<number, Waiter>()
  #worker: Worker | null = null
  #lastId = 0
  #restartMs = FIRST_RESTART_MS
  #restart: NodeJS.Timeout | undefined
  #closed = false

  constructor(setup: WorkerSetup, log: Log, listener: LinkListener) {
    this.#setup = setup
    this.#log = log
    this.#listener = listener
  }

  /** The first start; throws `StoreOpenError` when the database cannot be used. */
  async open(): Promise<void> {
    const worker = await this.#start()
    worker.on('exit', (code) => this.#died(code))
    this.#worker = worker
  }

  send(group: GroupMessage): void {
    this.#worker?.postMessage(group)
  }

  /** Rejects with `issue.not_recorded` when the worker is down or dies before it answers. */
  call<K extends Method>(method: K, argument: Argument<K>): Promise<Value<K>> {
    const worker = this.#worker
    if (worker === null) return Promise.reject(unavailable())
    const id = ++this.#lastId
    return new Promise<Value<K>>((resolve, reject) => {
      // The worker answers a call with the value of its method: `Calls` types both ends.
      this.#waiters.set(id, { resolve: resolve as Waiter['resolve'], reject })
      const message: CallMessage<K> = { kind: 'call', id, method, argument }
      worker.postMessage(message)
    })
  }

  /**
   * Closes the database and ends the worker; a dead one is not started again. A worker that dies before it answers holds
   * nothing open either: what it had committed is in the database, and whoever waits for the rest is told.
   */
  async close(): Promise<void> {
    clearTimeout(this.#restart)
    this.#closed = true
    const worker = this.#worker
    if (worker === null) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    await this.call('close', null).catch((error: unknown) => {
      if (this.#worker !== null) throw error
    })
    await ended
  }

  #start(): Promise<Worker> {
    const { promise, resolve, reject } = Promise.withResolvers<Worker>()
    // The worker runs unbuilt from src/ and as plain JavaScript from the package: same name, this file's extension.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      workerData: this.#setup,
      env: toWorkerEnvironment(getCompileCacheDir()),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    worker.on('error', (error) => {
      this.#log.error('store.worker_failed', { error })
      reject(new StoreOpenError('store.unusable', `\`${this.#setup.file}\`: the store's thread failed`, error))
    })
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve(worker)
      else if (message.kind === 'refused') reject(new StoreOpenError(message.code, message.message))
      else this.#received(message)
    })
    return promise
  }

  #received(message: Exclude<FromWorker, { kind: 'ready' | 'refused' }>): void {
    switch (message.kind) {
      case 'written':
        this.#listener.written(message)
        break
      case 'failed':
        this.#listener.failed(this.#toAppError(message.error))
        break
      case 'answer':
        this.#take(message.id).resolve(message.value)
        break
      case 'problem':
        this.#take(message.id).reject(this.#toAppError(message.error))
        break
      case 'trouble':
        this.#log.warn('store.trouble', { inner: message.error.inner })
    }
  }

  #take(id: number): Waiter {
    const waiter = this.#waiters.get(id)
    if (waiter === undefined) throw new TypeError(`the store answered call ${id}, which nobody made`)
    this.#waiters.delete(id)
    return waiter
  }

  #toAppError({ code, message, detail, inner }: SentError): AppError {
    if (inner !== null) this.#log.error('store.failed', { code, inner })
    return new AppError(code, message, detail)
  }

  #died(exitCode: number): void {
    this.#worker = null
    const error = unavailable()
    for (const waiter of this.#waiters.values()) waiter.reject(error)
    this.#waiters.clear()
    if (exitCode !== 0 || !this.#closed) this.#log.error('store.worker_died', { exitCode })
    if (this.#closed) return
    this.#listener.down(error)
    this.#restartLater()
  }

  #restartLater(): void {
    this.#restart = setTimeout(() => void this.#startAgain(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, LAST_RESTART_MS)
  }

  async #startAgain(): Promise<void> {
    try {
      await this.open()
    } catch (error) {
      this.#log.error('store.not_reopened', { error })
      if (!this.#closed) this.#restartLater()
      return
    }
    this.#restartMs = FIRST_RESTART_MS
    if (this.#closed) await this.close()
    else this.#listener.up()
  }
}

function unavailable(): AppError {
  return new AppError('issue.not_recorded', 'the record is not available now: try again', { retryAfterSeconds: 1 })
}

/** With it the thread has the compile cache, too, and holds 15 MB less than if it stripped types again. */
function toWorkerEnvironment(cache: string | undefined): NodeJS.ProcessEnv {
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) }
}
