import type { Condition, Operation, Rule, Source } from '../mesh/resource.ts'
import type { WrittenField } from './compile-field.ts'
import type { Attribute } from './field-test.ts'

/** The fields of a rule, as lists of alternatives: any `from`, any `to`, all `when`; null for a condition nobody knows. */
export interface WrittenRule {
  readonly from: readonly (readonly WrittenField[])[]
  readonly to: readonly (readonly WrittenField[])[]
  readonly when: readonly WrittenField[] | null
}

const SOURCE = {
  principals: { of: 'principal' },
  requestPrincipals: { of: 'requestPrincipal' },
  namespaces: { of: 'namespace' },
  serviceAccounts: { of: 'serviceAccount' },
  trustDomains: { of: 'trustDomain' },
  ipBlocks: { of: 'sourceIp' },
  remoteIpBlocks: { of: 'remoteIp' },
} as const satisfies Partial<Record<keyof Source, Attribute>>

const OPERATION = {
  hosts: { of: 'host' },
  ports: { of: 'port' },
  methods: { of: 'method' },
  paths: { of: 'path' },
} as const satisfies Partial<Record<keyof Operation, Attribute>>

const CONDITION: Readonly<Record<string, Attribute>> = {
  'source.principal': { of: 'principal' },
  'source.namespace': { of: 'namespace' },
  'source.serviceAccount': { of: 'serviceAccount' },
  'source.trustDomain': { of: 'trustDomain' },
  'source.ip': { of: 'sourceIp' },
  'remote.ip': { of: 'remoteIp' },
  'request.auth.principal': { of: 'requestPrincipal' },
  'request.auth.audiences': { of: 'claim', path: ['aud'] },
  'request.auth.presenter': { of: 'claim', path: ['azp'] },
  'destination.ip': { of: 'destinationIp' },
  'destination.port': { of: 'port' },
  'connection.sni': { of: 'sni' },
}

/** Reads the rule; empty lists are absent fields, and absent `from` or `to` mean anyone and anything. */
export function toWrittenRule(rule: Rule): WrittenRule {
  const from = rule.from ?? []
  const to = rule.to ?? []
  return {
    from: from.map(({ source }, i) => toFields(source ?? {}, SOURCE, `from[${i}].source`)),
    to: to.map(({ operation }, i) => toFields(operation ?? {}, OPERATION, `to[${i}].operation`)),
    when: toConditions(rule.when ?? []),
  }
}

function toFields(
  written: Source | Operation,
  table: Readonly<Record<string, Attribute>>,
  at: string,
): readonly WrittenField[] {
  const values = written as Readonly<Record<string, readonly string[] | undefined>>
  return Object.entries(table).flatMap(([name, attribute]) => {
    const negated = `not${name[0]?.toUpperCase()}${name.slice(1)}`
    return [
      ...toField({ path: `${at}.${name}`, attribute, negative: false }, values[name]),
      ...toField({ path: `${at}.${negated}`, attribute, negative: true }, values[negated]),
    ]
  })
}

function toConditions(conditions: readonly Condition[]): readonly WrittenField[] | null {
  const fields: WrittenField[] = []
  for (const [i, { key, values, notValues }] of conditions.entries()) {
    const attribute = toAttribute(key)
    if (attribute === null) return null
    fields.push(
      ...toField({ path: `when[${i}].values`, attribute, negative: false }, values),
      ...toField({ path: `when[${i}].notValues`, attribute, negative: true }, notValues),
    )
  }
  return fields
}

function toField(field: Omit<WrittenField, 'values'>, values: readonly string[] | undefined): WrittenField[] {
  return values === undefined || values.length === 0 ? [] : [{ ...field, values }]
}

/** What a condition's key names; null when nobody knows it. */
function toAttribute(key: string): Attribute | null {
  if (Object.hasOwn(CONDITION, key)) return CONDITION[key] ?? null
  const header = bracketed(key, 'request.headers')
  if (header?.length === 1 && header[0] !== undefined) return { of: 'header', name: header[0].toLowerCase() }
  const claims = bracketed(key, 'request.auth.claims')
  if (claims !== null) return { of: 'claim', path: claims }
  return key.startsWith('experimental.envoy.filters.') ? { of: 'metadata', key } : null
}

/** `PREFIX[a][b]` → `a`, `b`; null for any other form. */
function bracketed(key: string, prefix: string): string[] | null {
  if (!key.startsWith(`${prefix}[`) || !key.endsWith(']')) return null
  return key.slice(prefix.length + 1, -1).split('][')
}
