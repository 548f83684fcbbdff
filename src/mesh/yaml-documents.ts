import { Composer, type Document, Lexer, LineCounter, type ParsedNode, Parser } from 'yaml'
import { AppError } from '../kernel/errors.ts'

/** More nesting than any resource has, less than the composer's recursion bears. */
const MAX_DEPTH = 64
const OPTIONS = { uniqueKeys: true, stringKeys: true, merge: false, prettyErrors: false } as const

/** One document of a stream and the line it begins at, from 1; null is the value of an empty one. */
export interface YamlDocument {
  readonly line: number
  readonly value: unknown
}

/**
 * The values of a stream of YAML 1.2 documents, one after the other, so that a caller may stop. Throws
 * `request.malformed` with the line for duplicate keys, aliases, unknown tags and too much depth.
 */
export function* readYamlDocuments(text: string): Generator<YamlDocument> {
  const lines = new LineCounter()
  const composer = new Composer(OPTIONS)
  for (const document of composer.compose(tokensOf(text, lines))) yield toValue(document, lines)
}

/** The composer recurses, and at the end of the stack V8 may abort the process instead of throwing: depth is found out before it. */
function* tokensOf(text: string, lines: LineCounter): ReturnType<Parser['parse']> {
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length <= MAX_DEPTH) continue
    throw malformed(lines.linePos(parser.offset).line, `more than ${MAX_DEPTH} levels deep`)
  }
  yield* parser.end()
}

function toValue(document: Document.Parsed<ParsedNode>, lines: LineCounter): YamlDocument {
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) {
    throw malformed(lines.linePos(problem.pos[0]).line, problem.message.split('\n', 1)[0] ?? '')
  }
  const line = lines.linePos(document.contents?.range[0] ?? document.range[0]).line
  try {
    return { line, value: document.toJS({ maxAliasCount: 0 }) }
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    throw malformed(line, 'has an alias (`*name`); write the value out', cause)
  }
}

function malformed(line: number, problem: string, cause?: unknown): AppError {
  return new AppError('request.malformed', `line ${line}: ${problem}`, { cause })
}
