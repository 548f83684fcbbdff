import { randomBytes } from 'node:crypto'
import type { ExportHead } from '../../src/audit/export-head.ts'
import { forEachLog, toHeadPayload } from '../../src/audit/export-head.ts'
import { toHeadLine, toRowLine } from '../../src/audit/export-line.ts'
import { type HeadSigner, signHead } from '../../src/audit/head-signature.ts'
import type { Link, RecordRow } from '../../src/audit/row.ts'
import { NO_HASH, RowHasher } from '../../src/audit/row-hasher.ts'
import { NOW } from './store.ts'

/** Rows of all three logs, each log numbered from 1. */
export function someRows(each = 3): RecordRow[] {
  return Array.from({ length: each }, (_, i) => i + 1).flatMap((sequence): RecordRow[] => [
    { log: 'intents', sequence, fields: anIntentRow(sequence) },
    { log: 'results', sequence, fields: { first: sequence, last: sequence, outcome: 1 } },
    {
      log: 'actions',
      sequence,
      fields: { at: NOW, actor: 'local', action: 'token.create', target: `t${sequence}`, detail: '{"uses":1}' },
    },
  ])
}

function anIntentRow(sequence: number) {
  return {
    serial: randomBytes(16),
    identity: `spiffe://cluster.local/ns/default/sa/web-${sequence}`,
    notBefore: NOW / 1000 - 120,
    notAfter: NOW / 1000 + 3600,
    issuedAt: NOW + sequence,
    attestor: 'jwt',
    subject: 'https://issuer.example web',
    authority: 'a'.repeat(40),
    spkiSha256: randomBytes(32),
    csrSha256: randomBytes(32),
    peer: '127.0.0.1:40000',
    bundleSequence: 1,
  }
}

const START: Link = { sequence: 0, hash: Buffer.from(NO_HASH).toString('hex') }

export interface TestExport {
  /** Each without its newline; the head is the last one. */
  readonly lines: readonly string[]
  readonly head: ExportHead
}

/** An export of these rows, as the service would sign it; `from` is where the export before it ended. */
export async function exportOf(
  rows: readonly RecordRow[],
  signer: HeadSigner,
  { from, at = NOW, trustDomain = 'cluster.local' }: { from?: ExportHead; at?: number; trustDomain?: string } = {},
): Promise<TestExport> {
  const hasher = new RowHasher()
  const starts = forEachLog((log) => from?.logs[log].to ?? START)
  const ends = { ...starts }
  const lines = rows.map((row) => {
    const { hash: previousHash } = ends[row.log]
    const hash = hasher.row(Buffer.from(previousHash, 'hex'), row).toString('hex')
    ends[row.log] = { sequence: row.sequence, hash }
    return toRowLine({ row, previousHash, hash }).trimEnd()
  })
  const head = { at, trustDomain, logs: forEachLog((log) => ({ from: starts[log], to: ends[log] })) }
  return { lines: [...lines, toHeadLine(await signHead(toHeadPayload(head), signer)).trimEnd()], head }
}
