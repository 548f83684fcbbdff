import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'
import { type Claims, isObject } from './jwt.ts'
import { toKubernetesIdentity } from './kubernetes-identity.ts'
import { parseSpiffeId, problemOfSpiffeId, type SpiffeId } from './spiffe-id.ts'

/** Whom verified claims stand for; throws `auth.subject_invalid`. */
export type IdentityRule = (claims: Claims) => SpiffeId

/** A piece of a template: text, or the path to a claim. */
type Piece = string | readonly string[]

const PLACEHOLDER = /\{claims((?:\.[A-Za-z0-9_-]+)+)\}/

/** Compiles `kubernetes` or a template once; a text says why it cannot be used. */
export function compileIdentityRule(rule: string, trustDomain: string): IdentityRule | string {
  if (rule === 'kubernetes') return (claims) => toKubernetesIdentity(claims, trustDomain)
  const template = rule.replaceAll('{trustDomain}', trustDomain)
  const pieces = template.split(new RegExp(PLACEHOLDER, 'g')).map(toPiece)
  const problem = problemOfTemplate(template, pieces, trustDomain)
  return problem ?? ((claims) => fill(pieces, claims))
}

/** `split` with one group gives text and group in turns. */
function toPiece(part: string, index: number): Piece {
  return index % 2 === 0 ? part : part.slice(1).split('.')
}

function problemOfTemplate(template: string, pieces: readonly Piece[], trustDomain: string): string | null {
  const start = `spiffe://${trustDomain}/`
  if (!template.startsWith(start)) return 'must be `kubernetes` or begin with `spiffe://{trustDomain}/`'
  const filled = pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('')
  if (/[{}]/.test(filled)) return 'placeholders are `{trustDomain}` and `{claims.name}`'
  // two claims in one segment would let different claims make the same identity
  const crowded = template.split('/').some((segment) => segment.split(PLACEHOLDER).length > 3)
  return crowded ? 'a path segment may hold one claim only' : problemOfSpiffeId(filled)
}

function fill(pieces: readonly Piece[], claims: Claims): SpiffeId {
  const uri = pieces.map((piece) => (typeof piece === 'string' ? piece : claimAt(claims, piece))).join('')
  return parseSpiffeId(uri, 'auth.subject_invalid')
}

function claimAt(claims: Claims, path: readonly string[]): string {
  let value: unknown = claims
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  if (typeof value === 'string' && value !== '' && !value.includes('/')) return value // a slash would add segments
  const seen = typeof value === 'string' ? printable(value) : typeof value
  throw new AppError('auth.subject_invalid', `the claim \`${path.join('.')}\` cannot be a part of an identity`, {
    seen,
  })
}
