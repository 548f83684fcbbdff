import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../../kernel/errors.ts'
import { nearMiss } from '../../kernel/near-miss.ts'
import { printable } from '../../kernel/printable.ts'

/** A reader of values of a schema; it throws `request.malformed` with the field that is wrong. */
export function toReader<S extends TSchema>(schema: S): (value: unknown) => Static<S> {
  const compiled = Compile(schema)
  return (value) => {
    if (compiled.Check(value)) return value
    throw new AppError('request.malformed', toProblem(schema, compiled.Errors(value)))
  }
}

interface SchemaError {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** What a union says of its alternatives, and `false` of a field that is not known, is said better by the others. */
const ECHOES: ReadonlySet<string> = new Set(['anyOf', 'boolean'])
const TELLING = ['additionalProperties', 'required']

/** Of all errors the one that lies deepest, unknown and missing fields first. */
function toProblem(schema: TSchema, errors: readonly SchemaError[]): string {
  const rank = ({ keyword }: SchemaError) => TELLING.indexOf(keyword) + (TELLING.includes(keyword) ? 0 : 3)
  const [worst] = errors
    .filter(({ keyword }) => !ECHOES.has(keyword))
    .toSorted((a, b) => depthOf(b) - depthOf(a) || rank(a) - rank(b))
  if (worst === undefined) return 'it is not of the wanted form'
  const { keyword, params, instancePath, message } = worst
  const [name = ''] = namesIn(params)
  const field = printable([...fieldsOf(instancePath), ...(name === '' ? [] : [name])].join('.'))
  if (keyword === 'required') return `\`${field}\` is missing`
  if (keyword !== 'additionalProperties') return field === '' ? `it ${message}` : `\`${field}\` ${message}`
  const meant = nearMiss(name, knownAt(schema, worst.schemaPath))
  return `\`${field}\` is not known here${meant === null ? '' : `: did you mean \`${meant}\`?`}`
}

function depthOf({ instancePath }: SchemaError): number {
  return instancePath.split('/').length
}

/** The fields that the error is about, where it is not about the place itself. */
function namesIn(params: object): readonly string[] {
  const names = Object.entries(params).find(([key]) => key === 'additionalProperties' || key === 'requiredProperties')
  return Array.isArray(names?.[1]) ? names[1].map(String) : []
}

/** `/requests/0/peer` as `requests[0]` and `peer`. */
function fieldsOf(pointer: string): readonly string[] {
  const fields: string[] = []
  for (const part of pointer.split('/').slice(1)) {
    const last = fields.length - 1
    if (/^\d+$/.test(part) && last >= 0) fields[last] = `${fields[last]}[${part}]`
    else fields.push(part)
  }
  return fields
}

/** Names of the properties of the schema that `#/properties/a` points to. */
function knownAt(schema: unknown, pointer: string): readonly string[] {
  let at = schema
  for (const part of pointer.split('/').slice(1)) at = memberOf(at, part)
  const properties = memberOf(at, 'properties')
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}
