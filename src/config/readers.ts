import { DURATION_FORM, toSeconds } from '../kernel/duration.ts'
import { RATE_FORM, toPerSecond } from '../kernel/rate.ts'
import { SIZE_FORM, toBytes } from '../kernel/size.ts'
import type { Reader } from './key.ts'
import { quote, ValueProblem } from './problems.ts'

/** The most that a duration of the configuration may be: 100 years keep every date within four-digit years. */
const MAX_SECONDS = 100 * 31_536_000
const MAX_BYTES = 1_073_741_824

/** How lists and maps in environment variables are parsed. */
export const JSON_OPTIONS = { maxDepth: 16 } as const

const digitsAsNumber = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text)
const decimalAsNumber = (text: string): unknown => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)

function refuse(wanted: string, seen: unknown): never {
  throw new ValueProblem(`must be ${wanted}, not ${quote(seen)}`)
}

/** Text that `problemOf` finds nothing wrong with. */
export function text(form: string, problemOf: (value: string) => string | null): Reader<string> {
  return {
    form,
    read(value) {
      if (typeof value !== 'string') return refuse(`text (${form})`, value)
      const problem = problemOf(value)
      if (problem !== null) throw new ValueProblem(`${quote(value)}: ${problem}`)
      return value
    },
  }
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Reader<T> {
  const form = words.map((word) => `\`${word}\``).join(' \\| ')
  const wanted = `one of ${words.map((word) => `\`${word}\``).join(', ')}`
  return { form, read: (value) => words.find((word) => word === value) ?? refuse(wanted, value) }
}

export const toggle: Reader<boolean> = {
  form: '`true` \\| `false`',
  read: (value) => (typeof value === 'boolean' ? value : refuse('`true` or `false`', value)),
  fromText: (value) => (value === 'true' ? true : value === 'false' ? false : value),
}

/** A whole number from `least` to `most`. */
export function count(least: number, most: number): Reader<number> {
  return {
    form: `whole number, ${least} to ${most}`,
    read(value) {
      const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
      return fits ? value : refuse(`a whole number from ${least} to ${most}`, value)
    },
    fromText: digitsAsNumber,
  }
}

export const fraction: Reader<number> = {
  form: 'number, 0 to 1',
  read: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? value : refuse('a number from 0 to 1', value),
  fromText: decimalAsNumber,
}

/** Seconds from `least` to `most`. */
export function duration(least = 1, most = MAX_SECONDS): Reader<number> {
  return {
    form: 'duration',
    read(value) {
      const seconds = toSeconds(value)
      if (seconds === null) return refuse(DURATION_FORM, value)
      if (seconds < least || seconds > most) return refuse(`from ${least} to ${most} seconds`, value)
      return seconds
    },
    fromText: digitsAsNumber,
  }
}

/** Seconds with a fraction, from a millisecond to `most` seconds: `600ms`, or a duration. */
export function fineDuration(most: number): Reader<number> {
  return {
    form: 'duration, also `600ms`',
    read(value) {
      const milliseconds = typeof value === 'string' ? /^(\d{1,9})ms$/.exec(value)?.[1] : undefined
      const seconds = milliseconds === undefined ? toSeconds(value) : Number(milliseconds) / 1000
      if (seconds === null) return refuse(`${DURATION_FORM}, or \`600ms\``, value)
      return seconds > 0 && seconds <= most ? seconds : refuse(`from 1 millisecond to ${most} seconds`, value)
    },
    fromText: digitsAsNumber,
  }
}

/** Bytes, 1 to 1 GiB. */
export const size: Reader<number> = {
  form: 'size',
  read(value) {
    const bytes = toBytes(value)
    if (bytes === null) return refuse(SIZE_FORM, value)
    return bytes >= 1 && bytes <= MAX_BYTES ? bytes : refuse('from 1 byte to 1 GiB', value)
  },
  fromText: digitsAsNumber,
}

/** Events per second. */
export const rate: Reader<number> = {
  form: 'rate',
  read: (value) => toPerSecond(value) ?? refuse(RATE_FORM, value),
  fromText: decimalAsNumber,
}

/** What `reader` reads, or `"off"`, which is null. */
export function orOff<T>(reader: Reader<T>): Reader<T | null> {
  return {
    ...reader,
    form: `${reader.form}, or \`"off"\``,
    read: (value) => (value === 'off' ? null : reader.read(value)),
  }
}

/** What `reader` reads, or null. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return {
    ...reader,
    form: `${reader.form}, or \`null\``,
    read: (value) => (value === null ? null : reader.read(value)),
    fromText: (written) => (written === 'null' ? null : (reader.fromText?.(written) ?? written)),
  }
}

/** `true`, where the key stands for a choice and `false` would mean nothing. */
export const yes: Reader<true> = {
  form: '`true`',
  read: (value) => (value === true ? true : refuse('`true`', value)),
}

/** A map, which is not null and not a list. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
