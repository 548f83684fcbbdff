import type { Handle } from 'pkcs11js'
import { StartupError } from '../../kernel/startup-error.ts'
import { CKF_TOKEN_INITIALIZED } from './constants.ts'
import type { Cryptoki } from './cryptoki.ts'
import { returnValueOf } from './token-error.ts'

/**
 * The slot of the one initialized token with this label; `pkcs11.token_missing` without one, `pkcs11.token_ambiguous` with
 * several: which of them holds the keys must not depend on their order.
 */
export function findToken(cryptoki: Cryptoki, label: string): Handle {
  const tokens = cryptoki.C_GetSlotList(true).flatMap((slot) => tokenIn(cryptoki, slot))
  const [found, other] = tokens.filter((token) => token.label === label)
  if (found === undefined) {
    const seen = tokens.map((token) => `\`${token.label}\``).join(', ') || 'none'
    throw new StartupError(
      'pkcs11.token_missing',
      `authority.keys.tokenLabel: no token is called \`${label}\`; there is ${seen}`,
    )
  }
  if (other !== undefined) {
    const message = `authority.keys.tokenLabel: several tokens are called \`${label}\`: give each a label of its own`
    throw new StartupError('pkcs11.token_ambiguous', message)
  }
  return found.slot
}

/** None where the slot holds no token that can be read: another one is not kept from its work by it. */
function tokenIn(cryptoki: Cryptoki, slot: Handle): readonly { readonly slot: Handle; readonly label: string }[] {
  try {
    const { label, flags } = cryptoki.C_GetTokenInfo(slot)
    return (flags & CKF_TOKEN_INITIALIZED) === 0 ? [] : [{ slot, label: label.replace(/[ \0]+$/, '') }] // padded to 32 (v2.40 §3.2)
  } catch (error) {
    if (returnValueOf(error) === null) throw error
    return []
  }
}
