import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import type { Page, PageRequest } from '../kernel/page.ts'

/** A join token as stored: only the hash of its secret. */
export interface JoinToken {
  readonly id: string
  /** SHA-256 of the whole token text. */
  readonly hash: Buffer
  readonly identity: string
  readonly createdAt: UnixMillis
  readonly expiresAt: UnixSeconds
  readonly uses: number
  readonly used: number
  readonly createdBy: string
  readonly revoked: boolean
}

export interface JoinTokenStore {
  createToken(token: JoinToken): Promise<void>
  findTokenByHash(hash: Buffer): Promise<JoinToken | null>
  /** Newest first; expired and used-up ones are listed until retention removes them. */
  listTokens(page: PageRequest): Promise<Page<JoinToken>>
  /** False when there is no such token. */
  revokeToken(id: string, actor: string): Promise<boolean>
}
