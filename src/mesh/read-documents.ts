import { AppError } from '../kernel/errors.ts'
import { isJsonObject } from '../kernel/json-object.ts'
import { printable } from '../kernel/printable.ts'
import { parseStrictJson, StrictJsonError } from '../kernel/strict-json.ts'
import type { GivenDocument } from './change-request.ts'
import { openSlices } from './slices.ts'
import { readYamlDocuments } from './yaml-documents.ts'

/** One document of a text, unjudged. */
export interface ReadDocument {
  /** Counts from 0, empty documents included; the items of a list count as documents of their own. */
  readonly index: number
  /** First line of its YAML document, from 1; null where the text is JSON. */
  readonly line: number | null
  readonly value: unknown
}

const MAX_DOCUMENTS = 100_000
/** Deeper than any resource, shallower than what readers bear. */
const MAX_DEPTH = 64
const LIST_KINDS = /^(?:AuthorizationPolicy|PeerAuthentication|RequestAuthentication|WorkloadEntry)?List$/

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The documents of YAML with `---` between them, of one JSON object, of a JSON array, or of a Kubernetes List. Throws
 * `request.malformed` for text that is none of these or that two readers could understand differently (duplicate keys,
 * aliases, unknown tags), `limit.size` for more than 100,000 documents.
 */
export function readDocuments(input: Uint8Array | string): readonly ReadDocument[] {
  return [...eachDocument(input)]
}

/** The same, without keeping the event loop: a thousand documents of YAML take a tenth of a second. */
export async function readDocumentsInSlices(input: Uint8Array | string): Promise<readonly ReadDocument[]> {
  const documents: ReadDocument[] = []
  const pause = openSlices()
  for (const document of eachDocument(input)) {
    documents.push(document)
    await pause()
  }
  return documents
}

function* eachDocument(input: Uint8Array | string): Generator<ReadDocument> {
  const text = typeof input === 'string' ? input : decodeUtf8(input)
  let index = 0
  for (const { line, value } of split(text)) {
    for (const item of toItems(value)) {
      refuseOneMore(index)
      if (item !== null && item !== undefined) yield { index, line, value: item }
      index++
    }
  }
}

/** The documents of a parsed value: one object, a list of them, or a Kubernetes List. Throws as `readDocuments`. */
export function toDocuments(value: unknown): readonly GivenDocument[] {
  const documents: GivenDocument[] = []
  for (const one of toList(value)) {
    for (const item of toItems(one)) {
      refuseOneMore(documents.length)
      documents.push({ index: documents.length, value: item })
    }
  }
  return documents
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function refuseOneMore(documents: number): void {
  if (documents === MAX_DOCUMENTS) throw new AppError('limit.size', `more than ${MAX_DOCUMENTS} documents`)
}

interface Part {
  readonly line: number | null
  readonly value: unknown
}

/** Text that begins as JSON is read as JSON; what is not, may yet be YAML in its flow style. */
function split(text: string): Iterable<Part> {
  if (!/^\s*[[{]/.test(text)) return readYamlDocuments(text)
  try {
    return toParts(parseStrictJson(text, { maxDepth: MAX_DEPTH }))
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    if (error.cause instanceof SyntaxError) return readYamlDocuments(text)
    throw new AppError('request.malformed', error.message, { cause: error })
  }
}

function* toParts(value: unknown): Generator<Part> {
  for (const item of toList(value)) yield { line: null, value: item }
}

/** The items of `kubectl get -o yaml`, whose List may be typed. */
function toItems(value: unknown): readonly unknown[] {
  if (!isJsonObject(value) || typeof value.kind !== 'string' || !LIST_KINDS.test(value.kind)) return [value]
  if (!Array.isArray(value.items)) {
    throw new AppError('request.malformed', `\`${printable(value.kind)}\` has no list of items`)
  }
  return value.items
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new AppError('request.malformed', 'the text is not UTF-8', { cause })
  }
}
