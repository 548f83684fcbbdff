import { errorCodes, type FastifySchemaValidationError } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
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
  const [first] = errors
  if (first === undefined) return new AppError('request.malformed', `${where} is not as the schema wants it`)
  const { keyword, params, message = 'is not as the schema wants it' } = first
  const field = first.instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'additionalProperties') return unknownField(String(params.additionalProperty), where, first)
  if (keyword === 'required') return malformed(`\`${params.missingProperty}\` is missing in ${where}`)
  return malformed(field === '' ? `${where} ${message}` : `\`${printable(field)}\` in ${where} ${message}`)
}

function unknownField(name: string, where: string, error: object): AppError {
  const meant = nearMiss(name, 'parentSchema' in error ? namesOf(error.parentSchema) : [])
  const hint = meant === null ? '' : `: did you mean \`${meant}\`?`
  return malformed(`\`${printable(name, 60)}\` is not known in ${where}${hint}`)
}

function namesOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return []
  return Object.keys(schema.properties ?? {})
}

function malformed(message: string): AppError {
  return new AppError('request.malformed', message)
}
