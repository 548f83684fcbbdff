import type { Database } from 'better-sqlite3'
import type { UnixSeconds } from '../kernel/clock.ts'
import type { SpendValues } from './intent-columns.ts'
import type { Refusal } from './protocol.ts'

/** Why something may not be spent. */
export type SpendRefusal = Pick<Refusal, 'code' | 'message'>

/** Counts uses inside the transaction of the intent row (hostile 65: the second of two at the same moment is refused). */
export class Spending {
  readonly #useToken
  readonly #tokenState
  readonly #spendJwt

  constructor(db: Database) {
    this.#useToken = db.prepare<[string, UnixSeconds]>(
      'UPDATE join_tokens SET used = used + 1 WHERE id = ? AND used < uses AND revoked = 0 AND expires_at > ?',
    )
    this.#tokenState = db.prepare<[string], { revoked: number; uses: number; used: number }>(
      'SELECT revoked, uses, used FROM join_tokens WHERE id = ?',
    )
    this.#spendJwt = db.prepare<[Buffer, UnixSeconds]>(
      'INSERT INTO spent_jwts (hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
  }

  /** Null when it was counted. */
  spend(spend: SpendValues, now: UnixSeconds): SpendRefusal | null {
    if (spend.kind === 'join-token') {
      return this.#useToken.run(spend.key, now).changes === 1 ? null : this.#whyNot(spend.key)
    }
    const fresh = this.#spendJwt.run(Buffer.from(spend.key, 'hex'), spend.expiresAt).changes === 1
    return fresh ? null : { code: 'auth.token_used', message: 'the token may be used once and was used before' }
  }

  #whyNot(id: string): SpendRefusal {
    const token = this.#tokenState.get(id)
    if (token === undefined || token.revoked !== 0) {
      return { code: 'auth.token_unknown', message: 'there is no such join token, or it was revoked' }
    }
    if (token.used >= token.uses)
      return { code: 'auth.token_used', message: 'the join token is used up: ask for a new one' }
    return { code: 'auth.token_expired', message: 'the join token has expired: ask for a new one' }
  }
}
