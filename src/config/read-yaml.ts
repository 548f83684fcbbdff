import { Lexer, LineCounter, Parser, parseDocument } from 'yaml'
import { ConfigError } from './problems.ts'

/** A configuration larger than this is refused unread. */
export const MAX_FILE_BYTES = 1_048_576
/** More nesting than any configuration has, less than the parser's recursion bears. */
const MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The value of one YAML 1.2 document; duplicate keys, aliases, unknown tags and further documents are refused with their line. */
export function readYaml(bytes: Uint8Array, file: string): unknown {
  if (bytes.length > MAX_FILE_BYTES) throw refusal(file, 'is larger than 1 MiB')
  const text = decode(bytes, file)
  refuseDepth(text, file)
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter,
  })
  const problems = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0])
    return { path: `${file}:${line}:${col}`, message: firstLine(error.message) }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return toValue(() => document.toJS({ maxAliasCount: 0 }), file)
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw refusal(file, 'is not UTF-8 text', cause)
  }
}

/** Aliases are found out when the document becomes a value: with none allowed, nothing can expand. */
function toValue(convert: () => unknown, file: string): unknown {
  try {
    return convert()
  } catch (cause) {
    if (cause instanceof ReferenceError) throw refusal(file, 'has an alias (`*name`); write the value out', cause)
    throw cause
  }
}

/** The composer recurses, and at the end of the stack V8 may abort the process instead of throwing: depth is found out by the parser before it, which does not. */
function refuseDepth(text: string, file: string): void {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) throw refusal(file, `nests more than ${MAX_DEPTH} levels deep`)
  }
}

function refusal(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ path: file, message }], cause)
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}
