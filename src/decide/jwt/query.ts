import { compareTexts } from '../../kernel/compare-texts.ts'

/** The decoded value of the first parameter `name` (`toWireText`) of a query with its `?`; null when there is none. */
export function firstParameter(query: string, name: string): string | null {
  for (const segment of segmentsOf(query)) {
    const [written, value] = splitOnce(segment)
    if (percentDecode(written) === name) return percentDecode(value)
  }
  return null
}

/**
 * The query without any parameter `name`, and without its `?` when none is left. As Envoy writes it: sorted by name,
 * and a parameter without `=` gets one. Unlike Envoy, which writes them decoded, the others keep their escapes: decoded
 * they could become further parameters.
 */
export function withoutParameter(query: string, name: string): string {
  const kept = segmentsOf(query)
    .map((segment) => splitOnce(segment))
    .map(([written, value]) => ({ name: percentDecode(written), text: `${written}=${value}` }))
    .filter((parameter) => parameter.name !== name)
    .sort((a, b) => compareTexts(a.name, b.name))
  return kept.length === 0 ? '' : `?${kept.map(({ text }) => text).join('&')}`
}

/** UTF-8 bytes as characters, the form that percent-decoding gives. */
export function toWireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Like Envoy, an `&` at the end opens no parameter. */
function segmentsOf(query: string): readonly string[] {
  const text = query.endsWith('&') ? query.slice(1, -1) : query.slice(1)
  return text === '' && query.length < 2 ? [] : text.split('&')
}

function splitOnce(segment: string): readonly [name: string, value: string] {
  const equals = segment.indexOf('=')
  return equals < 0 ? [segment, ''] : [segment.slice(0, equals), segment.slice(equals + 1)]
}

/** A `%` without two hexadecimal digits stands for itself, and so does `+`. */
function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
