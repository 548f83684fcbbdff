import Type, { type TArray, type TObject, type TSchema, type TUnion } from 'typebox'
import { isKey, optionsOf } from './key.ts'
import { type ConfigProblem, quote, unknownName, ValueProblem } from './problems.ts'
import { isMap } from './readers.ts'

/** What the walk through the schema needs beside the file: values that replace those of the file, and where problems go. */
export interface ResolveContext {
  readonly overrides: ReadonlyMap<string, unknown>
  readonly problems: ConfigProblem[]
}

/** Reads `written` by `schema`, fills in defaults and notes every problem on the way; the result counts only when there is none. */
export function resolve(schema: TSchema, written: unknown, at: string, context: ResolveContext): unknown {
  const given = context.overrides.has(at) ? context.overrides.get(at) : written
  // A section or list with nothing below it (`server:`) is one with its defaults.
  const absent = given === undefined || (given === null && !isKey(schema))
  const value = absent ? optionsOf(schema).default : given
  if (value === undefined && !Type.IsObject(schema)) return note(context, at, 'is required')
  return readBy(schema, value, at, context)
}

function readBy(schema: TSchema, value: unknown, at: string, context: ResolveContext): unknown {
  if (isKey(schema)) return readKey(() => schema.read(value), at, context)
  if (Type.IsObject(schema)) return readMap(schema, value, at, context)
  if (Type.IsArray(schema)) return readList(schema, value, at, context)
  if (Type.IsUnion(schema)) return readChoice(schema, value, at, context)
  throw new TypeError(`no rule for the schema of ${at}`)
}

function readKey(read: () => unknown, at: string, context: ResolveContext): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof ValueProblem) return note(context, at, error.message)
    throw error
  }
}

function readMap(schema: TObject, value: unknown, at: string, context: ResolveContext): unknown {
  const written = value === undefined ? {} : value
  if (!isMap(written)) return note(context, at, `must be a map, not ${quote(written)}`)
  const known = Object.keys(schema.properties)
  for (const name of Object.keys(written)) {
    if (!known.includes(name)) note(context, below(at, name), unknownName('key', name, known))
  }
  const read: Record<string, unknown> = {}
  for (const [name, child] of Object.entries(schema.properties)) {
    const path = below(at, name)
    const own = Object.hasOwn(written, name) ? written[name] : undefined
    if (Type.IsOptional(child) && (own ?? context.overrides.get(path) ?? null) === null) continue
    read[name] = resolve(child, own, path, context)
  }
  return read
}

function readList(schema: TArray, value: unknown, at: string, context: ResolveContext): unknown {
  if (!Array.isArray(value)) return note(context, at, `must be a list, not ${quote(value)}`)
  const { minItems = 0, uniqueItems = false } = optionsOf(schema)
  if (value.length < minItems) return note(context, at, `must have at least ${minItems} of them`)
  const twice = value.findIndex((item, index) => value.indexOf(item) !== index)
  if (uniqueItems && twice !== -1) note(context, `${at}[${twice}]`, `${quote(value[twice])} stands there twice`)
  return value.map((item, index) => resolve(schema.items, item, `${at}[${index}]`, context))
}

/** A map that may take one of several shapes, told apart by the first key of each; never repeats the value, which may be a secret in the wrong place. */
function readChoice(schema: TUnion, value: unknown, at: string, context: ResolveContext): unknown {
  const shapes = schema.anyOf.filter(Type.IsObject).map((shape) => ({ shape, mark: firstKey(shape) }))
  const marks = shapes.map(({ mark }) => `\`${mark}\``).join(', ')
  if (!isMap(value)) return note(context, at, `must be a map with exactly one of ${marks}`)
  const fitting = shapes.filter(({ mark }) => Object.hasOwn(value, mark))
  const [only] = fitting
  if (only === undefined || fitting.length > 1) return note(context, at, `must have exactly one of ${marks}`)
  return readMap(only.shape, value, at, context)
}

/** The key that tells a shape of a choice from the others. */
function firstKey(shape: TObject): string {
  return Object.keys(shape.properties)[0] ?? ''
}

/** Gives nothing, in place of the value that could not be read. */
function note(context: ResolveContext, path: string, message: string): undefined {
  context.problems.push({ path, message })
}

/** The path of a key in a map; names that could forge a message are cut and cleaned. */
function below(at: string, name: string): string {
  const printed = /^[\w-]{1,64}$/.test(name) ? name : quote(name)
  return at === '' ? printed : `${at}.${printed}`
}
