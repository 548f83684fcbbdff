const BEYOND_ASCII = /[\u0080-\uffff]/

/** A-Z in lower case and nothing else, as Envoy compares names: Unicode would make the Kelvin sign a `k`. */
export function asciiLower(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text.toLowerCase()
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
