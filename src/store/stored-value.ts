/** The database is input too: a value of a closed set, or an error that names what was found. */
export function parseStored<T extends string>(values: readonly T[], found: string, column: string): T {
  const known = values.find((value) => value === found)
  if (known === undefined) throw new Error(`the database holds \`${found}\` in ${column}: it was changed from outside`)
  return known
}
