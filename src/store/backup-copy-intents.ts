import type { Database } from 'better-sqlite3'
import type { UnixMillis } from '../kernel/clock.ts'
import { type IntentColumns, type IntentValues, toColumns } from './intent-columns.ts'
import { ATTESTORS } from './issued-reader.ts'
import type { RecordDatabase } from './record-database.ts'
import { parseStored } from './stored-value.ts'

const GROUP = 512

interface Row extends Omit<IntentValues, 'serial' | 'spkiSha256' | 'csrSha256' | 'spend'> {
  readonly id: number
  readonly serial: Buffer
  readonly spkiSha256: Buffer
  readonly csrSha256: Buffer
  readonly outcome: number | null
}

const ROWS = `
  SELECT i.id, i.serial, d.text AS identity, i.not_before AS notBefore, i.not_after AS notAfter,
    i.issued_at AS issuedAt, i.attestor, i.subject, s.text AS authority, i.spki_sha256 AS spkiSha256,
    i.csr_sha256 AS csrSha256, i.peer, i.bundle_sequence AS bundleSequence,
    (SELECT iif(r.last_id >= i.id, r.outcome, NULL) FROM results AS r WHERE r.first_id <= i.id
     ORDER BY r.first_id DESC LIMIT 1) AS outcome
  FROM intents AS i CROSS JOIN identities AS d ON d.id = i.identity CROSS JOIN signers AS s ON s.id = i.signer
  WHERE i.id > ? ORDER BY i.id LIMIT ?`

/** Writes every intent above `after`, with its outcome, into another record, through the writer of that one. */
export function copyIntents(
  from: Database,
  to: RecordDatabase,
  { after, now }: { readonly after: number; readonly now: UnixMillis },
): number {
  const read = from.prepare<[number, number], Row>(ROWS)
  let copied = 0
  for (let rows = read.all(after, GROUP); rows.length > 0; rows = read.all(rows.at(-1)?.id ?? 0, GROUP)) {
    const intents = columnsOf(rows)
    const { firstId, refused } = to.writeGroup({ kind: 'group', now, intents, results: new Float64Array() })
    const [refusal] = refused
    if (refusal !== undefined)
      throw new Error(`a certificate of the earlier record cannot be added: ${refusal.message}`)
    const results = rows.flatMap(({ outcome }, index) =>
      outcome === null ? [] : [firstId + index, firstId + index, outcome],
    )
    to.writeGroup({ kind: 'group', now, intents: columnsOf([]), results: Float64Array.from(results) })
    copied += rows.length
  }
  return copied
}

function columnsOf(rows: readonly Row[]): IntentColumns {
  return toColumns(rows.map((row) => ({ ...row, attestor: parseStored(ATTESTORS, row.attestor, 'intents.attestor') })))
}
