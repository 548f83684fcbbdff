import { isJsonObject } from '../../kernel/json-object.ts'
import type { FindingCode } from '../finding-codes.ts'
import { isLongerThan, listOf, type MapNode, type Node, type Objection, type ObjectNode, TEXT } from './node.ts'

const GROUP = /^$|^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const KIND = /^[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/

const MATCH_LABELS: MapNode = {
  is: 'map',
  max: { count: 4096, code: 'selector-too-many' },
  checkKey: checkSelectorKey,
  of: { is: 'text', check: checkSelectorValue },
}

/** `istio.type.v1beta1.WorkloadSelector`. */
export const SELECTOR: ObjectNode = { is: 'object', fields: { matchLabels: MATCH_LABELS } }

const TARGET_REF: ObjectNode = {
  is: 'object',
  fields: {
    group: { is: 'text', check: (text) => (isLongerThan(text, 253) || !GROUP.test(text) ? ['targetref-group'] : []) },
    kind: { is: 'text', check: (text) => (isLongerThan(text, 63) || !KIND.test(text) ? ['targetref-kind'] : []) },
    name: { is: 'text', check: (text) => (text === '' || isLongerThan(text, 253) ? ['targetref-name'] : []) },
    namespace: { is: 'text', check: (text) => (text === '' ? [] : ['targetref-namespace']) },
  },
  required: { kind: 'targetref-kind', name: 'targetref-name' },
}

/** The fields by which a policy says which workloads it is for. */
export const SCOPE_FIELDS: Readonly<Record<string, Node>> = {
  selector: SELECTOR,
  targetRef: TARGET_REF,
  targetRefs: listOf(TARGET_REF, { count: 16, code: 'targetrefs-too-many' }),
}

/** At most one of selector, targetRef and targetRefs may be there. */
export function checkScope(spec: Readonly<Record<string, unknown>>): readonly Objection[] {
  const present = Object.keys(SCOPE_FIELDS).filter((name) => Object.hasOwn(spec, name))
  return present.length > 1 ? [{ code: 'selector-and-targetref' }] : []
}

/** True for a selector that names a label. */
export function hasLabels(selector: unknown): boolean {
  if (!isJsonObject(selector) || !isJsonObject(selector.matchLabels)) return false
  return Object.keys(selector.matchLabels).length > 0
}

/** A map of strings of at most `count` entries. */
export function textMap(count: number, code: FindingCode): MapNode {
  return { is: 'map', of: TEXT, max: { count, code } }
}

function checkSelectorKey(key: string): readonly FindingCode[] {
  if (key === '') return ['selector-empty-key']
  return key.includes('*') ? ['selector-wildcard'] : []
}

function checkSelectorValue(value: string): readonly FindingCode[] {
  const codes: FindingCode[] = []
  if (value.includes('*')) codes.push('selector-wildcard')
  if (isLongerThan(value, 63)) codes.push('selector-value-too-long')
  return codes
}
