import { writeFile } from 'node:fs/promises'
import { CommandError, systemReason } from './command-error.ts'
import type { CsrCommandOptions } from './commands/authority-import.ts'
import { stringOf } from './json.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

/** Writes the CSR for a new key that stays with the server. */
export async function writeAuthorityCsr(session: Session, { out, keyType }: CsrCommandOptions): Promise<void> {
  const body = keyType === undefined ? {} : { keyType }
  const answer = await session.client().json({ method: 'POST', path: '/v1/authorities/csr', body })
  const csr = stringOf(answer, 'csr')
  if (out === '-') {
    session.show(answer, () => csr)
    return
  }
  await write(out, csr)
  session.show({ ...answer, file: out }, () => {
    return `written ${toSafeText(out)}: have it signed, then \`alcazar authority import --certificate FILE --root FILE\`\n`
  })
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    const reason = systemReason(error)
    if (reason === null) throw error
    throw CommandError.of('file.unwritable', `\`${file}\` cannot be written: ${reason}`, error)
  }
}
