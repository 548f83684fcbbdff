import { X509Certificate } from 'node:crypto'
import { buildCsr } from '../pki/build-csr.ts'
import { generateKey, privateKeyPem, toSigner } from '../pki/file-keys.ts'
import { toText } from './cells.ts'
import { CommandError } from './command-error.ts'
import type { IssueOptions } from './commands/cert.ts'
import { refuseForeignFiles, writeCredentials } from './credential-files.ts'
import { type JsonObject, stringOf, stringsOf } from './json.ts'
import { layFields } from './layout.ts'
import { readJoinToken } from './read-join-token.ts'
import type { Session } from './session.ts'

/**
 * Makes a key, which never leaves this process but for its file, and has it certified. Run again it renews: new key,
 * new chain, in place of those that are there, as long as they are of the same identity.
 */
export async function issueCertificate(session: Session, options: IssueOptions): Promise<void> {
  const { identity, out, ttl, keyType, force } = options
  const joinToken = await readJoinToken(options)
  if (identity !== undefined && force !== true) await refuseForeignFiles(out, identity) // before it costs a certificate
  const key = generateKey(keyType)
  const signer = toSigner(key, keyType)
  const body: JsonObject = {
    csr: await buildCsr(signer),
    ...(ttl === undefined ? {} : { ttl }),
    ...(joinToken !== undefined ? { joinToken } : identity !== undefined ? { identity } : {}), // only an administrator says who
  }
  const issued = await session.client().json({ method: 'POST', path: '/v1/certificates', body })
  const granted = stringOf(issued, 'identity')
  if (identity !== undefined && identity !== granted) {
    throw CommandError.of('identity.differs', `the join token is for \`${granted}\`; nothing was written`)
  }
  if (force !== true) await refuseForeignFiles(out, granted)
  const chain = stringsOf(issued, 'chain')
  refuseOtherKey(chain, signer.publicKey.export({ type: 'spki', format: 'der' }))
  const files = await writeCredentials(out, {
    chain: chain.join(''),
    key: privateKeyPem(key, null),
    roots: stringsOf(issued, 'bundle').join(''),
  })
  session.show({ ...issued, files }, () => toView(session, issued, files))
}

/** A chain for another key would be written beside ours and fail only when it is used. */
function refuseOtherKey(chain: readonly string[], publicKey: Buffer): void {
  const certified = readPublicKey(chain[0] ?? '')
  if (certified?.equals(publicKey) === true) return
  throw CommandError.of('server.response_invalid', 'the certificate that came back is not for the key that was sent')
}

function readPublicKey(certificate: string): Buffer | null {
  try {
    return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  } catch {
    return null // no certificate at all
  }
}

function toView({ style }: Session, issued: JsonObject, files: readonly string[]): string {
  return layFields(
    [
      ['Identity', toText(issued.identity)],
      ['Serial', toText(issued.serial)],
      ['Expires', style.time(toText(issued.notAfter))],
      ['Renew after', style.time(toText(issued.renewAfter))],
      ...files.map((file) => ['Written', file] as const),
    ],
    style,
  )
}
