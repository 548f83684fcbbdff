import type { Database } from 'better-sqlite3'
import type { IntentId } from '../ca/record.ts'
import type { UnixSeconds } from '../kernel/clock.ts'
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
}

const DUPLICATE = { code: 'issue.not_recorded', message: 'the serial was recorded before: try again' } as const

/** Writes a group of intents and results in one transaction. */
export class GroupWriter {
  readonly #parts: RecordParts
  readonly #signers: InternedText
  readonly #spending: Spending
  readonly #begin
  readonly #commit
  readonly #insertIntent
  readonly #insertResult
  readonly #hasSerial
  #newest: IntentId

  constructor(parts: RecordParts, signers: InternedText) {
    const { db } = parts
    this.#parts = parts
    this.#signers = signers
    this.#spending = new Spending(db)
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#insertIntent = db.prepare('INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    // A group is sent again when its answer was lost; its ranges are then the same.
    this.#insertResult = db.prepare('INSERT INTO results VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    this.#hasSerial = db.prepare(
      'SELECT 1 FROM tail_by_serial WHERE serial = ? UNION ALL SELECT 1 FROM intents_by_serial WHERE serial = ?',
    )
    const newest = 'SELECT max(removed_through, coalesce((SELECT max(id) FROM intents), 0)) FROM record_state'
    this.#newest = Number(db.prepare(newest).pluck().get())
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
    const firstId = this.#newest + 1
    let committed = false
    this.#begin.run()
    try {
      this.#insertResults(group.results)
      const refused = this.#insertIntents(group, without)
      const newest = this.#newest + group.intents.count - refused.length
      if (newest >= firstId && !tail.add(firstId, newest)) return null
      tail.move(newest, newest - firstId + 1)
      this.#commit.run()
      committed = true
      tail.committed()
      this.#newest = newest
      return { firstId, refused }
    } finally {
      if (!committed) this.#rollBack()
    }
  }

  #insertIntents({ intents, now }: GroupMessage, without: ReadonlySet<number>): Refusal[] {
    const refused: Refusal[] = []
    const seconds = Math.floor(now / 1000)
    let id = this.#newest
    for (let index = 0; index < intents.count; index++) {
      const intent = intentAt(intents, index)
      const refusal = without.has(index) ? DUPLICATE : this.#spend(intent, seconds)
      if (refusal === null) this.#insert(++id, intent)
      else refused.push({ index, ...refusal })
    }
    return refused
  }

  #spend(intent: IntentValues, now: UnixSeconds) {
    return intent.spend === null ? null : this.#spending.spend(intent.spend, now)
  }

  #insert(id: IntentId, intent: IntentValues): void {
    this.#insertIntent.run(
      id,
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
    )
  }

  #insertResults(triples: Float64Array): void {
    for (let i = 0; i < triples.length; i += 3) this.#insertResult.run(triples[i], triples[i + 1], triples[i + 2])
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
