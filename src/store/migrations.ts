import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { systemClock } from '../kernel/clock.ts'
import { chainStoredRows } from './chain-stored-rows.ts'
import { StoreOpenError } from './open-error.ts'

/** One numbered step of the schema. */
export interface Migration {
  readonly version: number
  readonly sql: string
}

/** What a step does that SQL cannot, in the step's transaction. */
const AFTER_SQL: Readonly<Record<number, (db: Database) => void>> = {
  4: (db) => chainStoredRows(db, systemClock.now()),
}

/** The migrations that ship with the program, in order; numbers run from 1 without a gap. */
export function readMigrations(): readonly Migration[] {
  const folder = join(packageRoot(), 'migrations', 'sqlite')
  const names = readdirSync(folder)
    .filter((name) => /^\d{3}-.+\.sql$/.test(name))
    .sort()
  return names.map((name, index) => {
    const version = Number(name.slice(0, 3))
    if (version !== index + 1) throw new TypeError(`migration ${name} is out of sequence`)
    return { version, sql: readFileSync(join(folder, name), 'utf8') }
  })
}

/** Brings the schema up to date, each step in its own transaction; throws `store.newer` for a schema of the future. */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  const found = Number(db.pragma('user_version', { simple: true }))
  if (found > migrations.length) {
    throw new StoreOpenError(
      'store.newer',
      `the database has schema version ${found} and this program knows ${migrations.length}: start the newer program, or restore a backup of the older one`,
    )
  }
  for (const { version, sql } of migrations.slice(found)) {
    db.transaction(() => {
      db.exec(sql)
      AFTER_SQL[version]?.(db)
      db.pragma(`user_version = ${version}`)
    }).exclusive()
  }
}

/** The folder of package.json: sources run from `src/`, the package from `dist/`, both one package deep. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new TypeError('no package.json above the store: the installation is incomplete')
    folder = parent
  }
  return folder
}
