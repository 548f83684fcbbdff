import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { BackupError } from './backup-error.ts'

/** The database within a backup, whatever it was called. */
export const DATABASE = 'alcazar.db'

/** All files but the database, together: they are held in memory. */
export const MAX_SMALL_BYTES = 64 * 1024 * 1024

/** Files of the data directory that are backed up; anything else does not come out of a backup either. */
const PATH =
  /^(?:alcazar\.db|bundle\.pem|server\.(?:crt|key)|(?:keys|authorities)\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})$/

const Manifest = Type.Object(
  {
    createdAt: Type.Integer({ minimum: 0, maximum: 8.64e15 }),
    program: Type.String({ maxLength: 100 }),
    trustDomain: Type.String({ maxLength: 255 }),
    /** Label of the PKCS #11 token that keys were made in; no backup holds those. */
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    files: Type.Array(Type.Object({ path: Type.String(), size: Type.Integer({ minimum: 0 }) }), { maxItems: 10_000 }),
  },
  { additionalProperties: false },
)
const Sums = Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }))

/** What stands at the beginning of a backup: when and by what it was made, and its files in their order. */
export type Manifest = Static<typeof Manifest>

const manifestSchema = Compile(Manifest)
const sumsSchema = Compile(Sums)

/** Whether a path of the data directory, with `/`, belongs into a backup. */
export function isBackedUp(path: string): boolean {
  return PATH.test(path)
}

/** Throws `backup.damaged` for what no version of this program wrote, such as a path that leads elsewhere. */
export function parseManifest(text: string): Manifest {
  const value = parseJson(text)
  if (!manifestSchema.Check(value)) throw strange()
  const paths = new Set(value.files.map(({ path }) => path))
  const small = value.files.reduce((sum, { path, size }) => (path === DATABASE ? sum : sum + size), 0)
  if (
    small > MAX_SMALL_BYTES ||
    paths.size !== value.files.length ||
    !paths.has(DATABASE) ||
    ![...paths].every(isBackedUp)
  )
    throw strange()
  return value
}

/** The SHA-256 of each file, in hex, in the order of the manifest. */
export function parseSums(text: string): readonly string[] {
  const value = parseJson(text)
  if (!sumsSchema.Check(value)) throw strange()
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw strange()
  }
}

function strange(): BackupError {
  return new BackupError('backup.damaged', 'the backup is authentic, but its list of files is not one of this program')
}
