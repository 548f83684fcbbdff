import type { Config } from './config.ts'
import type { ConfigProblem } from './problems.ts'

const OF_THE_TOKEN = ['module', 'tokenLabel', 'pin'] as const

/** What `authority.keys` lacks for a token, or has although keys are files: a slip there would put keys in the wrong place. */
export function problemsOfKeys({ authority: { keys } }: Config): readonly ConfigProblem[] {
  const isToken = keys.provider === 'pkcs11'
  return OF_THE_TOKEN.filter((name) => (keys[name] === undefined) === isToken).map((name) => ({
    path: `authority.keys.${name}`,
    message: isToken ? 'is required by the provider `pkcs11`' : 'is for the provider `pkcs11`',
  }))
}
