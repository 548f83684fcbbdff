import Type, { type TObject, type TSchema } from 'typebox'
import { printable } from '../kernel/printable.ts'
import { parseStrictJson, StrictJsonError } from '../kernel/strict-json.ts'
import { isKey } from './key.ts'
import { type ConfigProblem, unknownName } from './problems.ts'
import { isMap, JSON_OPTIONS } from './readers.ts'

const PREFIX = 'ALCAZAR_'

/** Variables of the command line, which are not configuration. */
export const OF_THE_COMMAND_LINE: ReadonlySet<string> = new Set(
  ['SERVER', 'CACERT', 'CERT', 'KEY', 'TOKEN', 'OUTPUT', 'CONFIG', 'BACKUP_PASSPHRASE'].map((name) => PREFIX + name),
)

/** What Kubernetes sets in every pod beside a Service named `alcazar`: nobody's configuration, and no slip. */
const OF_A_KUBERNETES_SERVICE =
  /^ALCAZAR_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** The environment variable of a path: `issuance.defaultTtl` is `ALCAZAR_ISSUANCE_DEFAULT_TTL`. */
export function variableOf(path: string): string {
  return (
    PREFIX +
    path
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toUpperCase()
  )
}

/** A path that a variable can set, with its schema; `choice` is the path of the map that it picks the shape of. */
interface Overridable {
  readonly path: string
  readonly schema: TSchema
  readonly choice?: string
}

/** Every path that a variable can set: sections, lists and single keys, but nothing inside of lists. */
export function* overridable(section: TObject, at = ''): Generator<Overridable> {
  for (const [name, schema] of Object.entries(section.properties)) {
    const path = at === '' ? name : `${at}.${name}`
    yield { path, schema }
    if (Type.IsObject(schema)) yield* overridable(schema, path)
    if (Type.IsUnion(schema)) {
      for (const shape of schema.anyOf.filter(Type.IsObject)) {
        for (const entry of overridable(shape, path)) yield { ...entry, choice: path }
      }
    }
  }
}

/** Values that the environment gives, by path; unknown `ALCAZAR_*` names and what is not JSON where JSON is needed are noted. */
export function readEnvironment(
  schema: TObject,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
): Map<string, unknown> {
  const byVariable = new Map([...overridable(schema)].map((entry) => [variableOf(entry.path), entry]))
  const overrides = new Map<string, unknown>()
  // Sorted, so that a section comes before the keys below it.
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (text === undefined || !name.startsWith(PREFIX)) continue
    if (OF_THE_COMMAND_LINE.has(name) || OF_A_KUBERNETES_SERVICE.test(name)) continue
    const entry = byVariable.get(name)
    if (entry === undefined) {
      problems.push({
        path: printable(name),
        message: unknownName('variable', name, [...byVariable.keys(), ...OF_THE_COMMAND_LINE]),
      })
      continue
    }
    try {
      override(overrides, entry, fromText(entry.schema, text))
    } catch (error) {
      if (!(error instanceof StrictJsonError)) throw error
      problems.push({ path: name, message: `must be JSON for a list or map: ${error.message}` })
    }
  }
  return overrides
}

/** A key of a map that may take several shapes replaces the whole map: the shape in the file may be another. */
function override(overrides: Map<string, unknown>, { path, choice }: Overridable, value: unknown): void {
  if (choice === undefined) overrides.set(path, value)
  else overrides.set(choice, { ...toMap(overrides.get(choice)), [path.slice(choice.length + 1)]: value })
}

function toMap(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {}
}

function fromText(schema: TSchema, text: string): unknown {
  if (!isKey(schema)) return parseStrictJson(text, JSON_OPTIONS)
  return schema.fromText === undefined ? text : schema.fromText(text)
}
