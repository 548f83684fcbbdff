import type { Database } from 'better-sqlite3'
import { AdminActions } from './admin-actions.ts'
import { AuthorityTable } from './authority-table.ts'
import { Denied } from './denied.ts'
import { GroupWriter } from './group-writer.ts'
import { IndexTail, LAP_ROWS } from './index-tail.ts'
import { InternedText } from './interned-text.ts'
import { IssuedReader } from './issued-reader.ts'
import { JoinTokens } from './join-tokens.ts'
import type { Calls, GroupMessage, GroupWritten, Retention } from './protocol.ts'
import { ResourceTable } from './resource-table.ts'
import { Retainer } from './retainer.ts'

/** A checkpoint of this many pages takes a few milliseconds; a longer one would be felt by the groups behind it. */
const CHECKPOINT_PAGES = 500
const GROUPS_PER_LOOK = 8

/** The worker's side of the store: everything that is asked of the one connection. */
export interface RecordDatabase {
  readonly calls: Calls
  /** Throws what SQLite throws, and then nothing of the group is stored. */
  writeGroup(group: GroupMessage): GroupWritten
  /** Moves the write-ahead log into the database when it has grown; after a reply, so that nobody waits for it. */
  checkpointWhenLong(): void
}

/** `db` as `openDatabase` gives it; a lap of the indices starts at `lapRows`. */
export function openRecordDatabase(db: Database, retention: Retention, lapRows = LAP_ROWS): RecordDatabase {
  const identities = new InternedText(db, 'identities')
  const tail = new IndexTail(db, lapRows)
  const writer = new GroupWriter({ db, tail, identities }, new InternedText(db, 'signers'))
  const walPages = db.prepare<[], { log: number }>('PRAGMA wal_checkpoint(NOOP)')
  let looks = 0
  return {
    calls: buildCalls(db, identities, retention),
    writeGroup: (group) => writer.write(group),
    checkpointWhenLong() {
      looks = (looks + 1) % GROUPS_PER_LOOK
      if (looks === 0 && (walPages.get()?.log ?? 0) >= CHECKPOINT_PAGES) db.pragma('wal_checkpoint(PASSIVE)')
    },
  }
}

function buildCalls(db: Database, identities: InternedText, retention: Retention): Calls {
  const actions = new AdminActions(db)
  const tokens = new JoinTokens(db, actions)
  const denied = new Denied(db, actions)
  const authorities = new AuthorityTable(db, actions)
  const resources = new ResourceTable(db, actions)
  const issued = new IssuedReader(db, identities)
  const retainer = new Retainer(db, retention)
  const probe = db.prepare('UPDATE record_state SET probed_at = ?')
  return {
    listIssued: (query) => issued.list(query),
    loadDenied: () => denied.load(),
    addDenied: (entry) => done(denied.add(entry)),
    createToken: (token) => done(tokens.create(token)),
    findTokenByHash: (hash) => tokens.findByHash(hash),
    listTokens: (page) => tokens.list(page),
    revokeToken: ({ id, actor, at }) => tokens.revoke(id, actor, at),
    loadAuthorities: () => authorities.load(),
    saveAuthorities: (change) => done(authorities.save(change)),
    loadResources: (after) => resources.load(after),
    saveResources: (change) => done(resources.save(change)),
    appendAdminAction: (action) => done(actions.append(action)),
    listAdminActions: (page) => actions.list(page),
    retain: (now) => retainer.step(now),
    probe: (now) => done(probe.run(now)),
    close: () => done(db.close()),
  }
}

function done(_work: unknown): null {
  return null
}
