import Type, { type TSchema, type TUnsafe } from 'typebox'

/** What a key says of itself besides its type; `default` is written as in the file, and a key without one is required. */
export interface KeyOptions {
  /** The items of a list have none: the list's own counts. */
  readonly description?: string
  readonly default?: unknown
  /** Takes effect on SIGHUP. */
  readonly reloadable?: true
}

/** How one value is read; `read` throws `ValueProblem` and never looks at other keys. */
export interface Reader<T> {
  /** What may be written, for the documentation: `duration`, `size or "off"`. */
  readonly form: string
  readonly read: (value: unknown) => T
  /** What an environment variable's text stands for; the text itself unless given. */
  readonly fromText?: (text: string) => unknown
}

interface Key<T> extends TUnsafe<T>, Reader<T>, KeyOptions {}

/** A key with one value: its static type is what `read` returns. */
export function key<T>(reader: Reader<T>, options: KeyOptions = {}): Key<T> {
  return Object.assign(Type.Unsafe<T>({}), reader, options)
}

/** Whether `schema` came from `key`. */
export function isKey(schema: TSchema): schema is Key<unknown> {
  return 'read' in schema
}

/** What a section or list says of itself. */
export function optionsOf(
  schema: TSchema,
): KeyOptions & { readonly minItems?: number; readonly uniqueItems?: boolean } {
  return schema
}
