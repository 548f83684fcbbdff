/** Orders texts by code units, for `sort`: no order that others rely on may depend on a locale. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
