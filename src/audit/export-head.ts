import type { UnixMillis } from '../kernel/clock.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../kernel/strict-json.ts'
import { LineFields } from './line-fields.ts'
import { MalformedExport } from './malformed-export.ts'
import { type Link, LOGS, type LogName, type Spans } from './row.ts'
import { toMillisField } from './time-field.ts'

/** What is signed at the end of an export: which part of each chain it holds. */
export interface ExportHead {
  readonly at: UnixMillis
  readonly trustDomain: string
  readonly logs: Spans
}

/** `typ` of the JWS: nobody takes it for a token, nor a token for it (RFC 8725 §3.11). */
export const HEAD_TYPE = 'alcazar-record-head'
const VERSION = 1
const MAX_DEPTH = 4

/** The payload of the JWS. */
export function toHeadPayload({ at, trustDomain, logs }: ExportHead): object {
  return { version: VERSION, at: toMillisField(at), trustDomain, logs }
}

/** Reads the payload; throws `MalformedExport`. */
export function parseHeadPayload(bytes: Uint8Array): ExportHead {
  const fields = new LineFields(parseJson(bytes))
  const version = fields.whole('version')
  if (version !== VERSION) throw new MalformedExport(`its head has version ${version}: a newer program wrote it`)
  const at = fields.millis('at')
  const trustDomain = fields.text('trustDomain')
  const logs = readLogs(fields.object('logs'))
  fields.end()
  return { at, trustDomain, logs }
}

/** For each log, so that a missing one is refused. */
export function forEachLog<T>(make: (log: LogName) => T): Record<LogName, T> {
  const [intents, results, actions] = LOGS
  return { intents: make(intents), results: make(results), actions: make(actions) }
}

function readLogs(fields: LineFields): Spans {
  const logs = forEachLog((log) => {
    const span = fields.object(log)
    const read = { from: readLink(span.object('from')), to: readLink(span.object('to')) }
    span.end()
    return read
  })
  fields.end()
  return logs
}

function readLink(fields: LineFields): Link {
  const link = { sequence: fields.whole('sequence'), hash: fields.hash('hash') }
  fields.end()
  return link
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) throw new MalformedExport(`the head: ${error.message}`)
    throw error
  }
}
