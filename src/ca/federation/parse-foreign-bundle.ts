import { printable } from '../../kernel/printable.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../../kernel/strict-json.ts'
import type { CaCertificate } from '../../pki/ca-certificate.ts'
import { ForeignBundleError } from './foreign-bundle-error.ts'
import { type ForeignKey, toForeignKey } from './parse-foreign-key.ts'
import { parseForeignRoot } from './parse-foreign-root.ts'

/** The bundle of one foreign trust domain, read and checked. */
export interface ForeignBundle {
  readonly trustDomain: string
  /** However wide it was written (B-5); null without one. */
  readonly sequence: bigint | null
  readonly refreshHintSeconds: number | null
  readonly roots: readonly CaCertificate[]
  /** Handed on and never used here: tokens of others are not accepted. One for each `kid`, the first. */
  readonly keys: readonly ForeignKey[]
  /** Entries that were passed over because nobody could use them here (B-9, B-11, B-13, X-28, J-17). */
  readonly skipped: number
}

const MAX_DEPTH = 8
const MAX_KEYS = 200
const KEY_TYPES: ReadonlySet<unknown> = new Set(['EC', 'RSA', 'OKP'])

/**
 * Reads a SPIFFE bundle (B-1…B-14, X-23…X-29); throws `ForeignBundleError`. What is not known here is passed over, as
 * the standard wants; what claims to be an authority of the trust domain and is not refuses the whole of it.
 */
export function parseForeignBundle(document: Uint8Array, trustDomain: string): ForeignBundle {
  const bundle = readObject(document)
  const { keys } = bundle
  if (!Array.isArray(keys)) throw new ForeignBundleError('it has no list of `keys`')
  if (keys.length > MAX_KEYS) throw new ForeignBundleError(`it has more than ${MAX_KEYS} keys`)
  const entries = keys.map((entry, i) => readEntry(entry, i, trustDomain))
  return {
    trustDomain,
    sequence: readSequence(bundle, document),
    refreshHintSeconds: readRefreshHint(bundle.spiffe_refresh_hint),
    roots: firstOfEach(
      entries.flatMap((entry) => entry?.root ?? []),
      ({ facts }) => facts.sha256,
    ),
    keys: firstOfEach(
      entries.flatMap((entry) => entry?.key ?? []),
      ({ kid }) => kid,
    ),
    skipped: entries.filter((entry) => entry === null).length,
  }
}

type Fields = Readonly<Record<string, unknown>>

function readObject(document: Uint8Array): Fields {
  try {
    const value = parseStrictJsonBytes(document, { maxDepth: MAX_DEPTH })
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ForeignBundleError(error.message, { cause: error })
  }
  throw new ForeignBundleError('it is no JSON object')
}

type Entry =
  | { readonly root: CaCertificate; readonly key?: never }
  | { readonly key: ForeignKey; readonly root?: never }

/** Null: it is passed over. */
function readEntry(entry: unknown, index: number, trustDomain: string): Entry | null {
  const at = `keys[${index}]`
  if (!isObject(entry)) throw new ForeignBundleError(`${at} is no object`)
  const { use, kty, kid, x5c } = entry
  if (!KEY_TYPES.has(kty)) return null // B-11
  if (use === 'jwt-svid') {
    const key = toForeignKey(entry)
    return key === null ? null : { key }
  }
  if (use !== 'x509-svid') return null // B-13
  if (kid !== undefined) throw new ForeignBundleError(`${at} has a \`kid\`, which an x509-svid entry must not have`)
  if (x5c === undefined || (Array.isArray(x5c) && x5c.length === 0)) return null
  const [first, ...more] = Array.isArray(x5c) ? x5c : [null]
  if (typeof first !== 'string') throw new ForeignBundleError(`${at} has an \`x5c\` that is no list of certificates`)
  if (more.length > 0) throw new ForeignBundleError(`${at} has more than one certificate`)
  return { root: parseForeignRoot(first, { at, trustDomain }) }
}

/** JSON numbers are doubles once they are parsed, and 64 bits are wanted (B-5): the digits themselves are read. */
function readSequence(bundle: Fields, document: Uint8Array): bigint | null {
  const parsed = bundle.spiffe_sequence
  if (parsed === undefined) return null
  const digits = typeof parsed === 'number' ? digitsOf(Buffer.from(document).toString('utf8')) : null
  if (digits !== null && /^(0|[1-9]\d{0,18})$/.test(digits)) return BigInt(digits)
  throw new ForeignBundleError('its `spiffe_sequence` is no whole number of at most 19 digits')
}

/** The top-level `spiffe_sequence` as it is written; JSON.parse shows it to revivers (ECMA-262, JSON.parse source text access). */
function digitsOf(text: string): string | null {
  const written = new WeakMap<object, string>()
  function remember(this: object, ...[name, value, context]: readonly unknown[]): unknown {
    if (name === 'spiffe_sequence' && isObject(context)) written.set(this, String(context.source))
    return value
  }
  const root: unknown = JSON.parse(text, remember)
  return isObject(root) ? (written.get(root) ?? null) : null
}

function readRefreshHint(hint: unknown): number | null {
  if (hint === undefined) return null
  if (typeof hint === 'number' && Number.isSafeInteger(hint) && hint >= 0) return hint
  throw new ForeignBundleError(`its \`spiffe_refresh_hint\` is no whole number: ${printable(JSON.stringify(hint), 40)}`)
}

function firstOfEach<T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  return [...new Map(all.toReversed().map((one) => [nameOf(one), one])).values()].toReversed()
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
