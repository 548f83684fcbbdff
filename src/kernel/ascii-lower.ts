// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/

/** A-Z in lower case and nothing else, as Envoy compares names: Unicode would make the Kelvin sign a `k`. */
export function asciiLower(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
