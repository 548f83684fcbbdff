import { errorCodes, type FastifySchemaValidationError } from 'fastify'
import { AppError, type ErrorDetail } from '../../kernel/errors.ts'
import { nearMiss } from '../../kernel/near-miss.ts'
import { printable } from '../../kernel/printable.ts'

/** Errors that Fastify throws because of what a client sent; every other of its errors is a bug of ours. */
export function toAppError(error: unknown): unknown {
  if (error instanceof errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE) {
    const detail = { wanted: 'application/json' }
    return new AppError('request.media_type', 'a body needs `Content-Type: application/json`', detail)
  }
  if (error instanceof errorCodes.FST_ERR_BAD_URL || error instanceof errorCodes.FST_ERR_MAX_PARAM_LENGTH) {
    return new AppError('request.malformed', 'the path of the URL is malformed')
  }
  return error
}

const PARTS: Readonly<Record<string, string>> = {
  body: 'the body',
  querystring: 'the query',
  params: 'the path',
  headers: 'the headers',
}

/** What a schema did not accept, by the name of the field. */
export function toValidationError(errors: readonly FastifySchemaValidationError[], part: string): AppError {
  const where = PARTS[part] ?? part
  const last = speakerOf(errors)
  if (last === undefined) return new AppError('request.malformed', `${where} is not as the schema wants it`)
  const { keyword, params, message = WRONG_FORM } = last
  const schema = 'parentSchema' in last ? last.parentSchema : undefined
  const field = toFieldPath(last.instancePath)
  if (keyword === 'additionalProperties') {
    return unknownField({ name: String(params.additionalProperty), parent: field }, where, schema)
  }
  if (keyword === 'required')
    return malformed(`\`${below(field, String(params.missingProperty))}\` is missing in ${where}`)
  const what = field === '' ? where : `\`${printable(field)}\` in ${where}`
  const wanted = isObject(schema) && typeof schema.description === 'string' ? { wanted: schema.description } : {}
  return malformed(`${what} ${UNREADABLE.has(keyword) ? WRONG_FORM : message}`, wanted)
}

const WRONG_FORM = 'is not of the wanted form'
/** Keywords whose messages speak of the schema and not of the field. */
const UNREADABLE: ReadonlySet<string> = new Set(['pattern', 'anyOf'])

/**
 * Of a union, the error that speaks for the whole, unless one of its shapes fits but for a field that it does not know
 * or has not: that is what was meant.
 */
function speakerOf(errors: readonly FastifySchemaValidationError[]): FastifySchemaValidationError | undefined {
  const last = errors.at(-1)
  if (last?.keyword !== 'anyOf') return last
  return errors.find(({ keyword, instancePath }) => isOfField(keyword) || instancePath !== last.instancePath) ?? last
}

function isOfField(keyword: string): boolean {
  return keyword === 'additionalProperties' || keyword === 'required'
}

/** `/requests/0/peer` as `requests[0].peer`. */
function toFieldPath(pointer: string): string {
  return pointer
    .slice(1)
    .replaceAll('/', '.')
    .replace(/(^|\.)(\d+)(?=\.|$)/g, '[$2]')
}

function below(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`
}

interface UnknownField {
  readonly name: string
  readonly parent: string
}

function unknownField({ name, parent }: UnknownField, where: string, schema: unknown): AppError {
  const known = isObject(schema) && isObject(schema.properties) ? Object.keys(schema.properties) : []
  const meant = nearMiss(name, known)
  const hint = meant === null ? '' : `: did you mean \`${meant}\`?`
  return malformed(`\`${printable(below(parent, name), 120)}\` is not known in ${where}${hint}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function malformed(message: string, detail: ErrorDetail = {}): AppError {
  return new AppError('request.malformed', message, detail)
}
