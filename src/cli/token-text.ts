import type { Manifest } from '../backup/manifest.ts'

/** Where the keys are that a backup cannot hold; undefined where it holds them. */
export function toTokenText({ token }: Pick<Manifest, 'token'>): string | undefined {
  if (token === undefined) return undefined
  return `those in the PKCS #11 token ${token} are in no backup: authority.keys has to lead to it`
}
