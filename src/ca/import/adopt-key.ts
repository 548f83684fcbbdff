import type { CaMaterial } from '../../pki/ca-directory.ts'
import { error } from '../../pki/explain/findings.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { KeyProvider } from '../key-provider.ts'
import type { ImportedAuthority } from './verdict.ts'

/** A key that came with an import, where keys are made in a token: copies of it may be anywhere, so it is refused. */
export function findForeignKey({ key }: CaMaterial, { adopt }: KeyProvider): readonly FileFinding[] {
  if (key === null || adopt !== null) return []
  const text =
    'keys are made in the token and never come from elsewhere: let a CSR of `alcazar authority csr` be signed, and import its certificate without a key'
  return [{ file: key.name, ...error('key.made_elsewhere', text) }]
}

/** Stores the key that came with an import, where one did. */
export async function adoptKey({ key, keyType }: ImportedAuthority, keys: KeyProvider): Promise<void> {
  if (key === null) return
  if (keys.adopt === null) throw new TypeError('a key from elsewhere has passed the checks of its import')
  await keys.adopt(key, keyType)
}
