import type {
  ActionQuery,
  ChainedAction,
  CheckRequest,
  CheckStep,
  ExportPage,
  ExportRequest,
} from '../audit/audit-store.ts'
import type { Spans } from '../audit/row.ts'
import type { AuthorityChange, StoredAuthorities } from '../ca/authority.ts'
import type { Crl } from '../ca/crl/crl.ts'
import type { DenyChange, DenyEntry } from '../ca/deny/deny-list.ts'
import type { IssuedCertificate, KeyQuery } from '../ca/deny/find-live.ts'
import type { RevocationBatch, StoredRevocation } from '../ca/deny/revocations.ts'
import type { ForeignBundleChange, RelationshipRemoval, StoredRelationship } from '../ca/federation/relationship.ts'
import type { IssuedQuery, IssuedRow } from '../ca/record.ts'
import type { Restoration } from '../ca/restoration.ts'
import type { BundleReport } from '../ca/rotation/uptake.ts'
import type { JoinToken } from '../identity/join-token-store.ts'
import type { AdminAction } from '../kernel/admin-record.ts'
import type { UnixMillis } from '../kernel/clock.ts'
import type { ErrorCode, ErrorDetail } from '../kernel/errors.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { ResourceChange, ResourcePage } from '../mesh/resource-store.ts'
import type { HeldFile } from './backup-checkpoints.ts'
import type { IntentColumns } from './intent-columns.ts'
import type { LiveQuery, LiveStep } from './live-certificates.ts'
import type { StoreOpenCode } from './open-error.ts'

/** How long rows are kept past their end; null keeps them for ever. */
export interface Retention {
  readonly issuedSeconds: number | null
  readonly auditSeconds: number | null
}

/** What retention removed in one bounded step; `done` when nothing is left to remove. */
export interface RetentionStep {
  readonly removed: number
  readonly done: boolean
}

/** What the worker is given at its start. */
export interface WorkerSetup {
  readonly file: string
  readonly retention: Retention
}

/** Everything but the groups: one argument, one value. */
interface CallTypes {
  listIssued: { argument: IssuedQuery; value: Page<IssuedRow> }
  loadDenied: { argument: null; value: readonly DenyEntry[] }
  listDenied: { argument: PageRequest; value: Page<DenyEntry> }
  loadUnsettled: { argument: null; value: readonly DenyEntry[] }
  addDenied: { argument: DenyEntry; value: DenyEntry }
  settleDenied: { argument: DenyChange & { readonly certificates: number }; value: null }
  removeDenied: { argument: DenyChange; value: boolean }
  findIssuedByKey: { argument: KeyQuery; value: KeyPart }
  loadRevoked: { argument: null; value: readonly StoredRevocation[] }
  revoke: { argument: RevocationBatch; value: RevokedBatch }
  loadCrls: { argument: null; value: readonly Crl[] }
  saveCrl: { argument: { readonly crl: Crl; readonly now: UnixMillis }; value: null }
  loadFederation: { argument: null; value: readonly StoredRelationship[] }
  addRelationship: { argument: StoredRelationship; value: null }
  saveForeignBundle: { argument: ForeignBundleChange; value: boolean }
  removeRelationship: { argument: RelationshipRemoval; value: boolean }
  createToken: { argument: JoinToken; value: null }
  findTokenByHash: { argument: Uint8Array; value: JoinToken | null }
  listTokens: { argument: PageRequest; value: Page<JoinToken> }
  revokeToken: { argument: TokenRevocation; value: boolean }
  loadAuthorities: { argument: null; value: StoredAuthorities }
  saveAuthorities: { argument: AuthorityChange; value: null }
  loadResources: { argument: number; value: ResourcePage }
  saveResources: { argument: ResourceChange; value: null }
  countLive: { argument: LiveQuery; value: LiveStep }
  reportBundles: { argument: readonly BundleReport[]; value: null }
  appendAdminAction: { argument: AdminAction; value: null }
  listAdminActions: { argument: PageRequest; value: Page<AdminAction> }
  listActions: { argument: ActionQuery; value: readonly ChainedAction[] }
  checkRecord: { argument: CheckRequest; value: CheckStep }
  recordSpans: { argument: UnixMillis | null; value: Spans }
  exportRows: { argument: ExportRequest; value: ExportPage }
  retain: { argument: UnixMillis; value: RetentionStep }
  loadRestoration: { argument: null; value: Restoration | null }
  markRestored: { argument: Restoration; value: null }
  /** No checkpoint changes the database file until its holder releases it. */
  holdFile: { argument: number; value: HeldFile }
  releaseFile: { argument: number; value: boolean }
  /** Writes and commits, to learn whether that works. */
  probe: { argument: UnixMillis; value: null }
  /** Closes the database; the worker ends after its answer. */
  close: { argument: null; value: null }
}
export type Method = keyof CallTypes
export type Argument<K extends Method> = CallTypes[K]['argument']
export type Value<K extends Method> = CallTypes[K]['value']
export type Calls = { readonly [K in Method]: (argument: Argument<K>) => Value<K> }

interface KeyPart {
  readonly items: readonly IssuedCertificate[]
  readonly next: number | null
}

interface RevokedBatch {
  readonly added: readonly StoredRevocation[]
  readonly left: number
}

interface TokenRevocation {
  readonly id: string
  readonly actor: string
  readonly at: UnixMillis
}

/** Everything that arrived while the last group was written: one message, one transaction, one fsync. */
export interface GroupMessage {
  readonly kind: 'group'
  readonly now: UnixMillis
  readonly intents: IntentColumns
  /** Triples: first id, last id, outcome (1 issued, 2 failed). */
  readonly results: Float64Array
}
export interface CallMessage<K extends Method = Method> {
  readonly kind: 'call'
  readonly id: number
  readonly method: K
  readonly argument: Argument<K>
}
export type ToWorker = GroupMessage | CallMessage

/** An intent of a group that was not recorded, its neighbours were. */
export interface Refusal {
  readonly index: number
  readonly code: ErrorCode
  readonly message: string
}

/** A thrown value on its way between threads; `inner` is for the log alone. */
export interface SentError {
  readonly code: ErrorCode
  readonly message: string
  readonly detail: SentDetail
  readonly inner: string | null
}

/** What a client may read beside the message. */
export type SentDetail = Omit<ErrorDetail, 'cause'>

/** The accepted intents have consecutive ids from `firstId` on, in the order of the group. */
export interface GroupWritten {
  readonly firstId: number
  readonly refused: readonly Refusal[]
}
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly code: StoreOpenCode; readonly message: string }
  | ({ readonly kind: 'written' } & GroupWritten)
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Value<Method> }
  | { readonly kind: 'problem'; readonly id: number; readonly error: SentError }
  /** Something went wrong that nobody asked for: a checkpoint that failed. */
  | { readonly kind: 'trouble'; readonly error: SentError }
