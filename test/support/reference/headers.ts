export type Header = readonly [name: string, value: string]

const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g

/** Headers as the HTTP codec gives them on: names in lower case, blanks around values gone. */
export function readHeaders(headers: readonly Header[]): readonly Header[] {
  return headers.map(([name, value]) => [name.toLowerCase(), value.replace(OUTER_BLANKS, '')])
}

/** Every value of a header, in the order of the wire. */
export function valuesOf(headers: readonly Header[], name: string): readonly string[] {
  return headers.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value)
}

/** The headers without those of one name. */
export function withoutHeader(headers: readonly Header[], name: string): readonly Header[] {
  return headers.filter(([other]) => other !== name.toLowerCase())
}

/** The headers and one more, after those of the same name. */
export function withHeader(headers: readonly Header[], [name, value]: Header): readonly Header[] {
  return [...headers, [name.toLowerCase(), value]]
}

/** Name → values, for an outcome. */
export function toHeaderLists(headers: readonly Header[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const [name] of headers) lists[name] = [...valuesOf(headers, name)]
  return lists
}
