import { AppError } from '../kernel/errors.ts'

const MAX_PAGE_ROWS = 1000

/** The sort key of the last row of a page; opaque to clients: base64url of whole numbers. */
export function toCursor(...key: readonly number[]): string {
  return Buffer.from(key.join('.')).toString('base64url')
}

/** The key of `parts` numbers; throws `request.malformed` for anything that `toCursor` did not make. */
export function parseCursor(text: string, parts: number): readonly number[] {
  const key = text.length > 100 ? [] : Buffer.from(text, 'base64url').toString('latin1').split('.').map(Number)
  if (key.length === parts && key.every(Number.isSafeInteger) && toCursor(...key) === text) return key
  throw new AppError('request.malformed', '`after` is not a cursor of an earlier answer')
}

/** Throws `request.malformed` unless 1 to 1,000. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS) {
    throw new AppError('request.malformed', `\`limit\` must be 1 to ${MAX_PAGE_ROWS}`)
  }
}
