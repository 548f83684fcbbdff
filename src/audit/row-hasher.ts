import type { ActionFields, IntentFields, LogName, RecordRow, ResultFields } from './row.ts'
import { RowBytes } from './row-bytes.ts'

/** What the hash of the first row covers in place of a row before it. */
export const NO_HASH: Uint8Array = new Uint8Array(32)

/** The first byte behind the hash before: no row of one log has the bytes of a row of another. */
const TAG = { intents: 1, results: 2, actions: 3 } as const satisfies Record<LogName, number>

/**
 * The hash of a row: SHA-256 over the hash of the row before, the tag of the log, the sequence and the fields in the
 * order below (docs/adr/0007 has the bytes). Whoever changes a row changes every hash behind it.
 */
export class RowHasher {
  readonly #bytes = new RowBytes()

  row(previous: Uint8Array, row: RecordRow): Buffer {
    switch (row.log) {
      case 'intents':
        return this.intent(previous, row.sequence, row.fields)
      case 'results':
        return this.result(previous, row.sequence, row.fields)
      case 'actions':
        return this.action(previous, row.sequence, row.fields)
    }
  }

  intent(previous: Uint8Array, sequence: number, fields: IntentFields): Buffer {
    const bytes = this.#bytes
    bytes.begin(previous, TAG.intents)
    bytes.number(sequence)
    bytes.bytes(fields.serial)
    bytes.text(fields.identity)
    bytes.number(fields.notBefore)
    bytes.number(fields.notAfter)
    bytes.number(fields.issuedAt)
    bytes.text(fields.attestor)
    bytes.text(fields.subject)
    bytes.text(fields.authority)
    bytes.bytes(fields.spkiSha256)
    bytes.bytes(fields.csrSha256)
    bytes.text(fields.peer)
    bytes.number(fields.bundleSequence)
    return bytes.digest()
  }

  result(previous: Uint8Array, sequence: number, { first, last, outcome }: ResultFields): Buffer {
    const bytes = this.#bytes
    bytes.begin(previous, TAG.results)
    for (const value of [sequence, first, last, outcome]) bytes.number(value)
    return bytes.digest()
  }

  action(previous: Uint8Array, sequence: number, { at, actor, action, target, detail }: ActionFields): Buffer {
    const bytes = this.#bytes
    bytes.begin(previous, TAG.actions)
    bytes.number(sequence)
    bytes.number(at)
    for (const value of [actor, action, target, detail]) bytes.text(value)
    return bytes.digest()
  }
}
