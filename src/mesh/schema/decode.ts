import { isJsonObject } from '../../kernel/json-object.ts'
import { nearMiss } from '../../kernel/near-miss.ts'
import { printable } from '../../kernel/printable.ts'
import { addError, entryPath, type FindingDetail, type Report, toFinding } from '../finding.ts'
import type { FindingCode } from '../finding-codes.ts'
import type { EnumNode, ListNode, MapNode, Node, ObjectNode, TextNode } from './node.ts'

/** Keys that have poisoned prototypes elsewhere (hostile 49); a document that holds one is no honest one. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** Instead of a value that cannot be decoded. */
const NOTHING = undefined

/** Where the walk is. */
export interface At {
  readonly path: string
  readonly report: Report
}

type Json = Readonly<Record<string, unknown>>

/**
 * A clean copy of `value` as `node` describes it, the way Istio's decoder reads it: nulls as absent or as empty
 * elements, fields in the order of the schema, map keys sorted. What the schema or the decoder objects to is reported;
 * the copy is complete only if the report has no error.
 */
export function decode(node: Node, value: unknown, at: At): unknown {
  switch (node.is) {
    case 'text':
      return typeof value === 'string' ? decodeText(node, value, at) : wrongType(value, at)
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongType(value, at)
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) return wrongType(value, at)
      if (value < node.min || value > node.max) refuse(at, node.code, { seen: value })
      return value
    case 'enum':
      return decodeEnum(node, value, at)
    case 'list':
      return Array.isArray(value) ? decodeList(node, value, at) : wrongType(value, at)
    case 'map':
      return isJsonObject(value) ? decodeMap(node, value, at) : wrongType(value, at)
    case 'object':
      return isJsonObject(value) ? decodeObject(node, value, at) : wrongType(value, at)
  }
}

function decodeText(node: TextNode, text: string, at: At): string {
  for (const code of node.undecodable?.(text) ?? []) {
    addError(at.report, toFinding('decode', { path: at.path, code }, { seen: text }))
  }
  for (const code of node.check?.(text) ?? []) refuse(at, code, { seen: text })
  return text
}

/** The decoder takes an enum's number as well, the schema does not. */
function decodeEnum(node: EnumNode, value: unknown, at: At): unknown {
  if (typeof value === 'string') {
    if (node.values.includes(value)) return value
    const detail = { seen: value, suggestion: node.values.find((name) => name === value.toUpperCase()) ?? null }
    addError(at.report, toFinding('decode', { path: at.path, code: 'enum-bad' }, detail))
    refuse(at, 'enum-bad', detail)
    return NOTHING
  }
  if (!Number.isInteger(value)) return wrongType(value, at)
  refuse(at, 'enum-bad', { seen: value })
  return NOTHING
}

function decodeList(node: ListNode, list: readonly unknown[], at: At): unknown[] {
  if (node.max !== undefined && list.length > node.max.count) refuse(at, node.max.code)
  return list.map((element, i) => {
    const here = { path: `${at.path}[${i}]`, report: at.report }
    if (element !== null) return decode(node.of, element, here)
    refuse(here, 'null-element')
    return node.of.is === 'text' ? '' : {}
  })
}

function decodeMap(node: MapNode, map: Json, at: At): Json {
  const keys = Object.keys(map).sort()
  if (keys.length > node.max.count) refuse(at, node.max.code)
  if (keys.length === 0 && node.emptyCode !== undefined) refuse(at, node.emptyCode)
  return Object.fromEntries(keys.map((key) => [key, decodeEntry(node, [key, map[key]], at)]))
}

function decodeEntry(node: MapNode, [key, value]: readonly [string, unknown], at: At): unknown {
  const here = { path: entryPath(at.path, key), report: at.report }
  if (FORBIDDEN_KEYS.has(key)) refuse(here, 'key-forbidden')
  if (node.isKeyDecodable?.(key) === false) {
    addError(at.report, toFinding('decode', { path: here.path, code: 'type-wrong' }, { seen: key }))
  }
  for (const code of node.checkKey?.(key) ?? []) refuse(here, code, { seen: key })
  if (value !== null) return decode(node.of, value, here)
  refuse(here, 'null-element')
  return node.of.is === 'text' ? '' : {}
}

function decodeObject(node: ObjectNode, value: Json, at: At): Json {
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(node.fields, key)) continue
    const suggestion = nearMiss(key, Object.keys(node.fields))
    refuse({ path: join(at.path, printable(key)), report: at.report }, 'unknown-field', { suggestion })
  }
  for (const [name, code] of Object.entries(node.required ?? {})) {
    if (!Object.hasOwn(value, name)) refuse({ path: join(at.path, name), report: at.report }, code)
  }
  const copy: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(node.fields)) {
    if (!Object.hasOwn(value, name)) continue
    const here = { path: join(at.path, name), report: at.report }
    const decoded = value[name] === null ? refuse(here, 'null-element') : decode(field, value[name], here)
    if (decoded !== undefined) copy[name] = decoded
  }
  for (const { code, field } of node.check?.(value) ?? []) {
    refuse({ path: field === undefined ? at.path : join(at.path, field), report: at.report }, code)
  }
  return copy
}

function wrongType(value: unknown, at: At): undefined {
  const seen = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
  addError(at.report, toFinding('decode', { path: at.path, code: 'type-wrong' }, { seen }))
  refuse(at, 'type-wrong', { seen })
}

/** An objection of the schema. */
function refuse(at: At, code: FindingCode, detail: FindingDetail = {}): undefined {
  addError(at.report, toFinding('schema', { path: at.path, code }, detail))
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
