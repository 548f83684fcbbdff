import { authorityName, keyId } from './build-certificate.ts'
import { oid, sequence, TAG, tlv } from './der-writer.ts'
import { toPem } from './pem.ts'
import { authorityExtensions } from './profile.ts'
import type { Signer } from './signer.ts'
import { x509 } from './x509.ts'

const VERSION_1 = tlv(TAG.integer, Buffer.from([0]))
const EXTENSION_REQUEST = oid('1.2.840.113549.1.9.14') // RFC 2985 §5.4.2
const ATTRIBUTES = 0xa0 // RFC 2986 §4.1: [0] IMPLICIT

/**
 * A PEM CSR (RFC 2986) for an intermediate of `trustDomain`: unlike a workload's it asks for a name and for everything
 * that its certificate has to say, so that `openssl ca` with `copy_extensions` only has to agree.
 */
export async function buildAuthorityCsr(signer: Signer, trustDomain: string): Promise<string> {
  const spki = signer.publicKey.export({ type: 'spki', format: 'der' })
  const id = keyId(spki)
  const subject = new x509.Name(authorityName(trustDomain, 'intermediate', id)).toArrayBuffer()
  const wanted = authorityExtensions({ subjectKeyId: id, authorityKeyId: null, trustDomain, pathLength: 0 })
  const extensions = sequence(...wanted.map((extension) => Buffer.from(extension.rawData)))
  const attributes = tlv(ATTRIBUTES, sequence(EXTENSION_REQUEST, tlv(TAG.set, extensions)))
  const info = sequence(VERSION_1, Buffer.from(subject), spki, attributes)
  const bits = tlv(TAG.bitString, Buffer.from([0]), await signer.sign(info))
  return toPem('CERTIFICATE REQUEST', sequence(info, signer.algorithm, bits))
}
