import type { FindingCode } from '../finding-codes.ts'

/** What a string must be beyond its type; the codes of what is wrong, none when all is well. */
type TextCheck = (text: string) => readonly FindingCode[]

/** Objection to an object as a whole, or to one of its fields. */
export interface Objection {
  readonly code: FindingCode
  readonly field?: string
}

export interface TextNode {
  readonly is: 'text'
  readonly check?: TextCheck
  /** The decoder's own objection, for text that stands for another type. */
  readonly undecodable?: TextCheck
}

export interface EnumNode {
  readonly is: 'enum'
  readonly values: readonly string[]
}

interface IntegerNode {
  readonly is: 'integer'
  readonly min: number
  readonly max: number
  readonly code: FindingCode
}

export interface ListNode {
  readonly is: 'list'
  readonly of: Node
  readonly max?: { readonly count: number; readonly code: FindingCode }
}

/** An object whose keys are data. */
export interface MapNode {
  readonly is: 'map'
  readonly of: Node
  readonly checkKey?: TextCheck
  readonly isKeyDecodable?: (key: string) => boolean
  readonly max: { readonly count: number; readonly code: FindingCode }
  readonly emptyCode?: FindingCode
}

export interface ObjectNode {
  readonly is: 'object'
  readonly fields: Readonly<Record<string, Node>>
  readonly required?: Readonly<Record<string, FindingCode>>
  /** Rules between fields; they see the object as it was written, so that presence counts. */
  readonly check?: (object: Readonly<Record<string, unknown>>) => readonly Objection[]
}

/** One place of a CRD's structural schema, with its CEL rules. */
export type Node = { readonly is: 'boolean' } | TextNode | EnumNode | IntegerNode | ListNode | MapNode | ObjectNode

export const TEXT: TextNode = { is: 'text' }
export const BOOLEAN: Node = { is: 'boolean' }

/** Text that may not be empty; `code` if it is. */
export function nonEmptyText(code: FindingCode): TextNode {
  return { is: 'text', check: (text) => (text === '' ? [code] : []) }
}

/** Text of at most `max` characters. */
export function shortText(max: number, code: FindingCode): TextNode {
  return { is: 'text', check: (text) => (isLongerThan(text, max) ? [code] : []) }
}

export function listOf(of: Node, max?: { readonly count: number; readonly code: FindingCode }): ListNode {
  return max === undefined ? { is: 'list', of } : { is: 'list', of, max }
}

/** Characters as OpenAPI's `maxLength` counts them: Unicode code points. */
export function isLongerThan(text: string, max: number): boolean {
  return text.length > max && (text.length > max * 2 || Array.from(text).length > max)
}
