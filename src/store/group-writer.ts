import type { Database } from 'better-sqlite3'
import { RowHasher } from '../audit/row-hasher.ts'
import type { UnixSeconds } from '../kernel/clock.ts'
import type { ChainEnd, Chains } from './chains.ts'
import type { IndexTail } from './index-tail.ts'
import { type IntentColumns, type IntentValues, intentAt } from './intent-columns.ts'
import type { InternedText } from './interned-text.ts'
import type { GroupMessage, GroupWritten, Refusal } from './protocol.ts'
import { Spending } from './spending.ts'

/** What the writer shares with the reader. */
export interface RecordParts {
  readonly db: Database
  readonly tail: IndexTail
  readonly identities: InternedText
  readonly chains: Chains
}

/** A page written for each group would cost as much as hashing ten rows. */
const GROUPS_PER_HEAD = 64

const DUPLICATE = { code: 'issue.not_recorded', message: 'the serial was recorded before: try again' } as const

/** Writes a group of intents and results in one transaction. */
export class GroupWriter {
  readonly #parts: RecordParts
  readonly #signers: InternedText
  readonly #spending: Spending
  readonly #hasher = new RowHasher()
  readonly #begin
  readonly #commit
  readonly #insertIntent
  readonly #insertResult
  readonly #hasSerial
  #intents: ChainEnd
  #results: ChainEnd
  /** Groups since the heads were saved. */
  #headless = 0

  constructor(parts: RecordParts, signers: InternedText) {
    const { db } = parts
    this.#parts = parts
    this.#signers = signers
    this.#spending = new Spending(db)
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#insertIntent = db.prepare(
      `INSERT INTO intents (id, serial, identity, not_before, not_after, issued_at, attestor, subject, signer,
       spki_sha256, csr_sha256, peer, bundle_sequence, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    // A group is sent again when its answer was lost; its ranges are then the same.
    this.#insertResult = db.prepare(
      `INSERT INTO results (first_id, last_id, outcome, sequence, hash) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (first_id) DO NOTHING`,
    )
    this.#hasSerial = db.prepare(
      'SELECT 1 FROM tail_by_serial WHERE serial = ? UNION ALL SELECT 1 FROM intents_by_serial WHERE serial = ?',
    )
    const removed = Number(db.prepare('SELECT removed_through FROM record_state').pluck().get())
    const { sequence, hash } = parts.chains.end('intents')
    this.#intents = { sequence: Math.max(removed, sequence), hash }
    this.#results = parts.chains.end('results')
  }

  /** Throws what SQLite throws, and then nothing of the group is stored. */
  write(group: GroupMessage): GroupWritten {
    const written = this.#attempt(group, new Set())
    if (written !== null) return written
    const again = this.#attempt(group, this.#duplicates(group.intents))
    if (again !== null) return again
    throw new TypeError('a serial is taken that no look-up finds')
  }

  /** Null when a serial is taken, and then nothing is stored; `without` are the indices known to be duplicates. */
  #attempt(group: GroupMessage, without: ReadonlySet<number>): GroupWritten | null {
    const { tail } = this.#parts
    const firstId = this.#intents.sequence + 1
    let committed = false
    this.#begin.run()
    try {
      const results = this.#insertResults(group.results)
      const { refused, end } = this.#insertIntents(group, without)
      const newest = end.sequence
      if (newest >= firstId && !tail.add(firstId, newest)) return null
      tail.move(newest, newest - firstId + 1)
      const saved = this.#saveHeads({ intents: end, results }, group)
      this.#commit.run()
      committed = true
      tail.committed()
      this.#intents = end
      this.#results = results
      this.#headless = saved ? 0 : this.#headless + 1
      return { firstId, refused }
    } finally {
      if (!committed) this.#rollBack()
    }
  }

  #insertIntents({ intents, now }: GroupMessage, without: ReadonlySet<number>) {
    const refused: Refusal[] = []
    const seconds = Math.floor(now / 1000)
    let end = this.#intents
    for (let index = 0; index < intents.count; index++) {
      const intent = intentAt(intents, index)
      const refusal = without.has(index) ? DUPLICATE : this.#spend(intent, seconds)
      if (refusal === null) end = this.#insert(end, intent)
      else refused.push({ index, ...refusal })
    }
    return { refused, end }
  }

  /** Now and then under load, and with a group of results alone: nothing came after it. */
  #saveHeads(ends: { readonly intents: ChainEnd; readonly results: ChainEnd }, { intents }: GroupMessage): boolean {
    if (intents.count > 0 && this.#headless < GROUPS_PER_HEAD) return false
    this.#parts.chains.advance('intents', ends.intents)
    this.#parts.chains.advance('results', ends.results)
    return true
  }

  #spend(intent: IntentValues, now: UnixSeconds) {
    return intent.spend === null ? null : this.#spending.spend(intent.spend, now)
  }

  #insert(before: ChainEnd, intent: IntentValues): ChainEnd {
    const sequence = before.sequence + 1
    const hash = this.#hasher.intent(before.hash, sequence, intent)
    this.#insertIntent.run(
      sequence,
      intent.serial,
      this.#parts.identities.number(intent.identity),
      intent.notBefore,
      intent.notAfter,
      intent.issuedAt,
      intent.attestor,
      intent.subject,
      this.#signers.number(intent.authority),
      intent.spkiSha256,
      intent.csrSha256,
      intent.peer,
      intent.bundleSequence,
      hash,
    )
    return { sequence, hash }
  }

  #insertResults(triples: Float64Array): ChainEnd {
    let end = this.#results
    for (let i = 0; i < triples.length; i += 3) {
      const [first = 0, last = 0, outcome = 0] = triples.subarray(i, i + 3)
      const sequence = end.sequence + 1
      const hash = this.#hasher.result(end.hash, sequence, { first, last, outcome })
      if (this.#insertResult.run(first, last, outcome, sequence, hash).changes === 1) end = { sequence, hash }
    }
    return end
  }

  /** Which intents have a serial that is in the record or earlier in the group. */
  #duplicates(intents: IntentColumns): Set<number> {
    const seen = new Set<string>()
    const found = new Set<number>()
    for (let index = 0; index < intents.count; index++) {
      const { serial } = intentAt(intents, index)
      const hex = Buffer.from(serial).toString('hex')
      if (seen.has(hex) || this.#hasSerial.get(serial, serial) !== undefined) found.add(index)
      seen.add(hex)
    }
    return found
  }

  #rollBack(): void {
    const { db, tail, identities } = this.#parts
    if (db.inTransaction) db.exec('ROLLBACK') // a full disk rolls back by itself
    tail.rolledBack()
    identities.rolledBack()
    this.#signers.rolledBack()
  }
}
