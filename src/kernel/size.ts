const UNIT_BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const
const SIZE = /^(\d{1,16})(B|KiB|MiB|GiB)$/

/** What a size may look like, for messages. */
export const SIZE_FORM = 'a size such as `64KiB`, `4MiB`, `1GiB`, or bytes as a number'

/** Bytes of `"64KiB"`, `"4MiB"`, `"1GiB"`, `"512B"` or of bytes as a number; null for anything else. */
export function toBytes(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  const match = typeof value === 'string' ? SIZE.exec(value) : null
  if (match === null) return null
  const bytes = Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]
  return Number.isSafeInteger(bytes) ? bytes : null
}
