import { Document, visit } from 'yaml'

/** What would steer a terminal or forge a line; line feeds stand in block scalars as they are. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A number in YAML 1.2, text in YAML 1.1. */
const OCTAL = /^0o[0-7]+$/

/**
 * A resource as one YAML document, fields in the order that people write them, fit for a terminal (hostile 102).
 * Readers of YAML 1.1, as kubectl has one, and of YAML 1.2 read the same.
 */
export function toYaml(resource: Readonly<Record<string, unknown>>): string {
  const { apiVersion, kind, metadata, spec, ...rest } = resource
  const document = new Document({ apiVersion, kind, metadata, spec, ...rest }, { version: '1.1' })
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'string') return
      if (OCTAL.test(node.value) || node.value.replaceAll('\n', '').match(UNSAFE)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, directives: false }).replace(UNSAFE, toEscape)
}

/** YAML 1.2.2 §5.7; every string with such a character is double-quoted by now. */
function toEscape(char: string): string {
  if (char === '\n') return char
  const code = char.codePointAt(0) ?? 0
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
