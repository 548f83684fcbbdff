/** The database is input too: a value of a closed set, or an error that names what was found. */
export function parseStored<T extends string>(values: readonly T[], found: string, column: string): T {
  const known = values.find((value) => value === found)
  if (known === undefined) throw new Error(`the database holds \`${found}\` in ${column}: it was changed from outside`)
  return known
}

/** A JSON object of the database. */
export function parseStoredObject(text: string, column: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Error(`the database holds what is no object in ${column}: it was changed from outside`)
}

/** A JSON list of texts of the database. */
export function parseTexts(text: string): readonly string[] {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new Error('the database holds what is no list of texts: it was changed from outside')
}
