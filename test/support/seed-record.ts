import { chainStoredRows } from '../../src/store/chain-stored-rows.ts'
import { openDatabase } from '../../src/store/database.ts'
import { readMigrations } from '../../src/store/migrations.ts'

export interface Seed {
  readonly rows: number
  readonly identities: number
  /** Unix milliseconds of the newest row; one row per second before it. */
  readonly now: number
}

const ROWS = `
  WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < :rows)
  INSERT INTO intents
  SELECT n, randomblob(16), 1 + n % :identities, :now / 1000 - :rows + n, :now / 1000 - :rows + n + 3600,
    :now - (:rows - n) * 1000, 'jwt', 'https://issuer.example system:serviceaccount:default:web', 1,
    randomblob(32), randomblob(32), '127.0.0.1:' || (30000 + n % 30000), 1, NULL
  FROM row`

const IDENTITIES = `
  WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < :identities)
  INSERT INTO identities SELECT n, 'spiffe://cluster.local/ns/default/sa/web-' || n FROM row`

const INDICES = `
  INSERT INTO intents_by_serial SELECT serial, id FROM intents ORDER BY serial;
  INSERT INTO intents_by_identity SELECT identity, issued_at, id FROM intents ORDER BY 1, 2, 3;
  INSERT INTO results SELECT 1, max(id), 1, 1, NULL FROM intents;
  UPDATE record_state SET indexed_through = (SELECT max(id) FROM intents)`

/** Fills a new database as that many issued certificates would have, a million in some seconds. */
export function seedRecord(file: string, seed: Seed): void {
  // a number would be bound as REAL, and its quotients refused by INTEGER columns
  const [rows, identities, now] = [BigInt(seed.rows), BigInt(seed.identities), BigInt(seed.now)]
  const db = openDatabase(file, readMigrations())
  db.transaction(() => {
    db.prepare(IDENTITIES).run({ identities })
    db.prepare('INSERT INTO signers VALUES (1, ?)').run('0123456789abcdef0123456789abcdef01234567')
    db.prepare(ROWS).run({ rows, identities, now })
    db.exec(INDICES)
    chainStoredRows(db, seed.now)
  })()
  db.close()
}
