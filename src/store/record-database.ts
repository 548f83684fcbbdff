import type { Database } from 'better-sqlite3'
import { AdminActions } from './admin-actions.ts'
import { AuthorityTable } from './authority-table.ts'
import { Checkpoints } from './backup-checkpoints.ts'
import { RestorationMark } from './backup-mark.ts'
import { Chains } from './chains.ts'
import { CrlTable } from './crl-table.ts'
import { Denied } from './denied.ts'
import { FederationTable } from './federation-table.ts'
import { GroupWriter } from './group-writer.ts'
import { IndexTail, LAP_ROWS } from './index-tail.ts'
import { InternedText } from './interned-text.ts'
import { IssuedReader } from './issued-reader.ts'
import { JoinTokens } from './join-tokens.ts'
import { KeySearch } from './key-search.ts'
import { LiveCertificateTable } from './live-certificates.ts'
import type { Calls, GroupMessage, GroupWritten, Retention } from './protocol.ts'
import { RecordAudit } from './record-audit.ts'
import { ResourceTable } from './resource-table.ts'
import { Retainer } from './retainer.ts'
import { Revoked } from './revoked.ts'

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
  const signers = new InternedText(db, 'signers')
  const tail = new IndexTail(db, lapRows)
  const chains = new Chains(db)
  const writer = new GroupWriter({ db, tail, identities, chains }, signers)
  const checkpoints = new Checkpoints(db)
  return {
    calls: {
      ...buildCalls({ db, identities, signers, chains }, retention),
      ...buildAuditCalls(new RecordAudit(db, chains)),
      holdFile: (holder) => checkpoints.hold(holder),
      releaseFile: (holder) => checkpoints.release(holder),
    },
    writeGroup: (group) => writer.write(group),
    checkpointWhenLong: () => checkpoints.whenLong(),
  }
}

interface Parts {
  readonly db: Database
  readonly identities: InternedText
  readonly signers: InternedText
  readonly chains: Chains
}

type AuditCall = 'checkRecord' | 'recordSpans' | 'exportRows'

function buildAuditCalls(audit: RecordAudit): Pick<Calls, AuditCall> {
  return {
    checkRecord: (request) => audit.check(request),
    recordSpans: (since) => audit.spans(since),
    exportRows: (request) => audit.lines(request),
  }
}

function buildCalls(
  { db, identities, signers, chains }: Parts,
  retention: Retention,
): Omit<Calls, 'holdFile' | 'releaseFile' | AuditCall> {
  const actions = new AdminActions(db, chains)
  const tokens = new JoinTokens(db, actions)
  const denied = new Denied(db, actions)
  const revoked = new Revoked(db)
  const crls = new CrlTable(db)
  const keySearch = new KeySearch(db)
  const authorities = new AuthorityTable(db, actions)
  const resources = new ResourceTable(db, actions)
  const federation = new FederationTable(db, actions)
  const live = new LiveCertificateTable(db)
  const issued = new IssuedReader(db, identities)
  const retainer = new Retainer(db, retention, { chains, actions, identities, signers })
  const mark = new RestorationMark(db, actions)
  const probe = db.prepare('UPDATE record_state SET probed_at = ?')
  return {
    listIssued: (query) => issued.list(query),
    loadDenied: () => denied.load(),
    listDenied: (page) => denied.list(page),
    loadUnsettled: () => denied.loadUnsettled(),
    addDenied: (entry) => denied.add(entry),
    settleDenied: (change) => done(denied.settle(change)),
    removeDenied: (change) => denied.remove(change),
    findIssuedByKey: (query) => keySearch.find(query),
    loadRevoked: () => revoked.load(),
    revoke: (batch) => revoked.add(batch),
    loadCrls: () => crls.load(),
    saveCrl: ({ crl, now }) => done(crls.save(crl, now)),
    loadFederation: () => federation.load(),
    addRelationship: (relationship) => done(federation.add(relationship)),
    saveForeignBundle: (change) => federation.saveBundle(change),
    removeRelationship: (removal) => federation.remove(removal),
    createToken: (token) => done(tokens.create(token)),
    findTokenByHash: (hash) => tokens.findByHash(hash),
    listTokens: (page) => tokens.list(page),
    revokeToken: ({ id, actor, at }) => tokens.revoke(id, actor, at),
    loadAuthorities: () => authorities.load(),
    saveAuthorities: (change) => done(authorities.save(change)),
    loadResources: (after) => resources.load(after),
    saveResources: (change) => done(resources.save(change)),
    countLive: (query) => live.step(query),
    reportBundles: (reports) => done(live.report(reports)),
    appendAdminAction: (action) => done(actions.append(action)),
    listAdminActions: (page) => actions.list(page),
    listActions: (query) => actions.chained(query),
    retain: (now) => retainer.step(now),
    loadRestoration: () => mark.load(),
    markRestored: (restoration) => done(mark.add(restoration)),
    probe: (now) => done(probe.run(now)),
    close: () => done(db.close()),
  }
}

function done(_work: unknown): null {
  return null
}
