import { AppError } from '../../kernel/errors.ts'

/** How many audiences a JWT-SVID may have; one is best (J-9). */
export const MAX_AUDIENCES = 16
/** Bytes of one audience: a SPIFFE ID may be one (ID-14). */
export const MAX_AUDIENCE_BYTES = 2048
/** Bytes of all: the token has to fit into a header, and into the default of `limits.token`. */
const MAX_BYTES = 4096

/** The audiences of a token (J-7), each once, in the order they were asked for; `request.malformed`. */
export function parseAudiences(audiences: readonly string[]): readonly string[] {
  if (audiences.length === 0) throw malformed('there must be one audience at least: the service that the token is for')
  if (audiences.length > MAX_AUDIENCES) throw malformed(`there may be ${MAX_AUDIENCES} audiences at most`)
  for (const [i, audience] of audiences.entries()) {
    const problem = problemOfAudience(audience)
    if (problem !== null) throw malformed(`\`audiences[${i}]\` ${problem}`)
  }
  const once = [...new Set(audiences)]
  const bytes = once.reduce((sum, audience) => sum + Buffer.byteLength(audience), 0)
  if (bytes > MAX_BYTES) throw malformed(`the audiences may have ${MAX_BYTES} bytes together at most`)
  return once
}

function problemOfAudience(audience: string): string | null {
  if (audience === '') return 'is empty'
  if (Buffer.byteLength(audience) > MAX_AUDIENCE_BYTES) return `is longer than ${MAX_AUDIENCE_BYTES} bytes`
  if (!audience.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(audience)) return 'holds control characters'
  return audience.trim() === audience ? null : 'begins or ends with a space'
}

function malformed(message: string): AppError {
  return new AppError('request.malformed', message)
}
