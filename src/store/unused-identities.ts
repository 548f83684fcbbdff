import type { Database } from 'better-sqlite3'
import type { InternedText } from './interned-text.ts'

/**
 * Removes those of some identities that no row names any more: each is looked up in the two parts of the index. Joins
 * the transaction that is open, in which their rows have left the record and its indices.
 */
export function unusedIdentityRemoval(db: Database, identities: InternedText): (numbers: Iterable<number>) => void {
  const remove = db
    .prepare<[number], string>(
      `DELETE FROM identities WHERE id = ?
       AND NOT EXISTS (SELECT 1 FROM tail_by_identity AS t WHERE t.identity = identities.id)
       AND NOT EXISTS (SELECT 1 FROM intents_by_identity AS i WHERE i.identity = identities.id) RETURNING text`,
    )
    .pluck()
  return (numbers) => {
    for (const number of new Set(numbers)) {
      const text = remove.get(number)
      if (text !== undefined) identities.forget(text)
    }
  }
}
