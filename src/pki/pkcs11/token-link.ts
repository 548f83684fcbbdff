import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { StartupError } from '../../kernel/startup-error.ts'
import { endModule, restartModule } from './cryptoki.ts'
import { openLanes } from './lanes.ts'
import { isLost, isOfTheToken, TokenFault, unavailable } from './token-error.ts'
import { TokenHealth } from './token-health.ts'
import { closeSession, type Login, type LoginOptions, logIn, openSession, type TokenSession } from './token-session.ts'

export interface TokenLinkOptions extends LoginOptions {
  readonly clock: Clock
  readonly log: Log
}

/** One less than libuv has threads: a token that hangs must not stop the reading of files as well. */
const SESSIONS = 3
const MAX_WAITING = 1_024
const LOOK_MS = 10_000
/** A login that was lost sooner is not renewed at once: it did not help, and each one keeps the event loop. */
const LOGIN_PAUSE_MS = 1_000
const ANSWER_MS = 10_000

/**
 * The way to a token: a few sessions below one login, which is renewed when the token has forgotten it. While there is none,
 * whoever needs the token is refused at once (`key.unavailable`), and a timer tries to log in.
 */
export class TokenLink {
  readonly #options: TokenLinkOptions
  readonly #takeLane = openLanes(SESSIONS, MAX_WAITING)
  readonly #timer: NodeJS.Timeout
  readonly #health: TokenHealth
  #login: Login | null
  /** Never again after the PIN was refused: the token could lock. */
  #mayLogIn = true
  #loggedInAt: number
  #busy = 0
  /** Who was refused because the token did not answer in time, and has not answered yet. */
  #unanswered = 0

  /** Logs in; throws `pkcs11.*`. */
  constructor(options: TokenLinkOptions) {
    this.#options = options
    this.#health = new TokenHealth(options)
    this.#loggedInAt = options.clock.monotonic()
    this.#login = logIn(options)
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
  }

  /** In words, why nothing can be signed; null: nothing is known. */
  get problem(): string | null {
    return this.#health.problem
  }

  /** Whether no signature can be had at the moment. */
  get isDown(): boolean {
    return this.#login === null || (this.#unanswered > 0 && this.problem !== null)
  }

  /** Whether the token has this mechanism (CKM); not known, and so assumed, while it is away. */
  can(mechanism: number): boolean {
    return this.#login?.mechanisms.has(mechanism) ?? true
  }

  /** `key.unavailable` while nobody is logged in: what is begun for a signature would be for nothing. */
  demandReady(): void {
    this.#demandLogin()
  }

  /**
   * Does `work` in a session that nobody else uses, and once more after a new login where the token has forgotten the old
   * one. Rejects with `limit.queue`, and with `key.unavailable`: after `answerMs` at the latest, though the session stays
   * taken until the token answers.
   */
  async run<T>(work: (session: TokenSession) => Promise<T>, answerMs = ANSWER_MS): Promise<T> {
    let isLate = false
    const { promise: late, reject } = Promise.withResolvers<never>()
    const done = this.#takeLane(() => (isLate ? late : this.#attempt(work)))
    const timer = setTimeout(() => {
      isLate = true
      this.#unanswered++
      const answered = () => this.#unanswered--
      done.then(answered, answered)
      reject(this.#refusal(new TokenFault(`it has not answered for ${answerMs} ms`)))
    }, answerMs)
    try {
      return await Promise.race([done, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Whether the token is there still; where it is not, the module begins anew and logs in. */
  look(): void {
    const { cryptoki } = this.#options
    const login = this.#login
    try {
      if (login !== null) cryptoki.C_GetSessionInfo(login.anchor)
    } catch (error) {
      this.#leave(login, error)
    }
    if (this.#login === null) this.#logInAgain(() => this.#busy === 0 && restartModule(cryptoki))
  }

  /** The module is told to end unless a thread is in it: then the end of the process has to do. */
  close(): void {
    clearInterval(this.#timer)
    this.#login = null
    this.#mayLogIn = false
    if (this.#busy === 0) endModule(this.#options.cryptoki)
  }

  #demandLogin(): Login {
    if (this.#login === null) throw unavailable(this.problem)
    return this.#login
  }

  async #attempt<T>(work: (session: TokenSession) => Promise<T>): Promise<T> {
    const login = this.#demandLogin()
    try {
      return await this.#use(login, work)
    } catch (error) {
      if (!isLost(error)) throw this.#refusal(error)
      this.#leave(login, error)
      const next = this.#login ?? (this.#isPause() ? null : this.#logInAgain())
      if (next === null) throw unavailable(error)
      return await this.#use(next, work).catch((again: unknown) => {
        if (isLost(again)) this.#leave(next, again)
        throw this.#refusal(again)
      })
    }
  }

  async #use<T>(login: Login, work: (session: TokenSession) => Promise<T>): Promise<T> {
    const { cryptoki } = this.#options
    const handle = login.idle.pop() ?? openSession(cryptoki, login.slot)
    let isWhole = false
    this.#busy++
    try {
      const result = await work({ cryptoki, handle, login })
      isWhole = true
      return result
    } finally {
      this.#busy--
      const isCurrent = this.#login === login
      if (isWhole && isCurrent) {
        login.idle.push(handle)
        this.#health.clear()
      } else closeSession(cryptoki, handle) // what failed may have left an operation begun in it
    }
  }

  /** What another thread is in is closed when it comes back. */
  #leave(login: Login | null, error: unknown): void {
    if (login === null || this.#login !== login) return
    this.#login = null
    this.#health.note(error)
    for (const session of [login.anchor, ...login.idle]) closeSession(this.#options.cryptoki, session)
  }

  #isPause(): boolean {
    return this.#options.clock.monotonic() - this.#loggedInAt < LOGIN_PAUSE_MS
  }

  #logInAgain(prepare = () => {}): Login | null {
    if (!this.#mayLogIn) return null
    this.#loggedInAt = this.#options.clock.monotonic()
    try {
      prepare()
      this.#login = logIn(this.#options)
      this.#health.clear()
    } catch (error) {
      if (error instanceof StartupError && error.code === 'pkcs11.pin_refused') this.#mayLogIn = false
      this.#health.note(error)
    }
    return this.#login
  }

  /** Notes what the module, or the way to it, says and gives `key.unavailable`; other errors are left as they are. */
  #refusal(error: unknown): unknown {
    if (!isOfTheToken(error)) return error
    this.#health.note(error)
    return unavailable(error)
  }
}
