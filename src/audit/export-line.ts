import { toAsciiJson } from '../kernel/ascii-json.ts'
import { parseStrictJson, StrictJsonError } from '../kernel/strict-json.ts'
import { LineFields } from './line-fields.ts'
import { MalformedExport } from './malformed-export.ts'
import type { ActionFields, IntentFields, Link, LogName, RecordRow, ResultFields } from './row.ts'
import { toMillisField, toSecondsField } from './time-field.ts'

/** A row as it stands in an export, with the hash of the row before it and its own. */
export interface ExportedRow {
  readonly row: RecordRow
  readonly previousHash: string
  readonly hash: string
}

/** A line of an export: a row, or the signed head that ends it. */
export type ExportLine = ({ readonly kind: 'row' } & ExportedRow) | { readonly kind: 'head'; readonly jws: string }

const MAX_DEPTH = 3

/** One line of JSON in ASCII, ending in a newline: nothing in it steers a terminal or forges a line (hostile 102). */
export function toRowLine({ row, previousHash, hash }: ExportedRow): string {
  const { log, sequence } = row
  return toLine({ log, sequence, ...toJsonFields(row), previousHash, hash })
}

/** The line that ends an export. */
export function toHeadLine(jws: string): string {
  return toLine({ head: jws })
}

/** The hash of the row before, and the row's own, as links of the chain. */
export function linkOf({ row, hash }: ExportedRow): Link {
  return { sequence: row.sequence, hash }
}

/** Reads a line, the newline left out; throws `MalformedExport` for anything that an export has not. */
export function parseLine(text: string): ExportLine {
  const fields = new LineFields(parseJson(text))
  if (fields.has('head')) {
    const jws = fields.text('head')
    fields.end()
    return { kind: 'head', jws }
  }
  const row = readRow(fields, fields.log())
  const line = { kind: 'row', row, previousHash: fields.hash('previousHash'), hash: fields.hash('hash') } as const
  fields.end() // what no hash covers would be believed all the same
  return line
}

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) throw new MalformedExport(`it is no line of an export: ${error.message}`)
    throw error
  }
}

function toLine(value: object): string {
  return `${toAsciiJson(JSON.stringify(value))}\n`
}

function toJsonFields(row: RecordRow): object {
  switch (row.log) {
    case 'intents':
      return toIntentJson(row.fields)
    case 'results':
      return row.fields
    case 'actions':
      return { ...row.fields, at: toMillisField(row.fields.at), detail: toDetail(row.fields.detail) }
  }
}

function toIntentJson(fields: IntentFields): object {
  return {
    ...fields,
    serial: toHex(fields.serial),
    notBefore: toSecondsField(fields.notBefore),
    notAfter: toSecondsField(fields.notAfter),
    issuedAt: toMillisField(fields.issuedAt),
    spkiSha256: toHex(fields.spkiSha256),
    csrSha256: toHex(fields.csrSha256),
  }
}

/** The object, or the text itself where the object would not give it back: the hash covers the text. */
function toDetail(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && JSON.stringify(value) === text ? value : text
  } catch {
    return text // it was changed from outside; whoever verifies sees it
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

function readRow(fields: LineFields, log: LogName): RecordRow {
  const sequence = fields.whole('sequence')
  switch (log) {
    case 'intents':
      return { log, sequence, fields: readIntent(fields) }
    case 'results':
      return { log, sequence, fields: readResult(fields) }
    case 'actions':
      return { log, sequence, fields: readAction(fields) }
  }
}

function readIntent(fields: LineFields): IntentFields {
  return {
    serial: fields.bytes('serial'),
    identity: fields.text('identity'),
    notBefore: fields.seconds('notBefore'),
    notAfter: fields.seconds('notAfter'),
    issuedAt: fields.millis('issuedAt'),
    attestor: fields.text('attestor'),
    subject: fields.text('subject'),
    authority: fields.text('authority'),
    spkiSha256: fields.bytes('spkiSha256'),
    csrSha256: fields.bytes('csrSha256'),
    peer: fields.text('peer'),
    bundleSequence: fields.whole('bundleSequence'),
  }
}

function readResult(fields: LineFields): ResultFields {
  return { first: fields.whole('first'), last: fields.whole('last'), outcome: fields.whole('outcome') }
}

function readAction(fields: LineFields): ActionFields {
  return {
    at: fields.millis('at'),
    actor: fields.text('actor'),
    action: fields.text('action'),
    target: fields.text('target'),
    detail: fields.json('detail'),
  }
}
