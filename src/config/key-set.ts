import type { Reader } from './key.ts'
import { ValueProblem } from './problems.ts'
import { isMap } from './readers.ts'

export interface InlineKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

/** Members of a JWK that are secret (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** A JWK set (RFC 7517 §5) of public keys: secrets stand in files and variables, never in the configuration. */
export const publicKeySet: Reader<InlineKeySet> = {
  form: 'JWK set',
  read(value) {
    const keys = isMap(value) ? value.keys : null
    if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isMap))
      throw new ValueProblem('must be a JWK set, `{ keys: [...] }`')
    const secret = keys.flatMap((jwk) => SECRET_MEMBERS.filter((member) => Object.hasOwn(jwk, member)))
    if (secret.length > 0)
      throw new ValueProblem(`holds a private or symmetric key (member \`${secret[0]}\`); give public keys only`)
    return { keys }
  },
}
